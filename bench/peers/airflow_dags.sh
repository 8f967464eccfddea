# The DAGs that Airflow runs in the report, written to standard output; sourced by airflow.sh.

# dag_bash NAME N chain|wide
dag_bash()
{
	cat <<DAG
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("$1", schedule=None):
    last = None
    for i in range($2):
        task = BashOperator(task_id=f"t{i}", bash_command="true")
        if last is not None and "$3" == "chain":
            last >> task
        last = task
DAG
}

# dag_ssh NAME N COMMAND HOSTS
dag_ssh()
{
	cat <<DAG
from airflow.providers.ssh.operators.ssh import SSHOperator
from airflow.sdk import DAG

with DAG("$1", schedule=None, max_active_tasks=32):
    for i in range($2):
        SSHOperator(task_id=f"t{i}", ssh_conn_id=f"host{i % $4 + 1}", command="""$3""", cmd_timeout=None)
DAG
}

# dag_once NAME COMMAND
dag_once()
{
	cat <<DAG
from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG("$1", schedule="@once", start_date=datetime(2020, 1, 1)):
    BashOperator(task_id="a", bash_command="""$2""")
DAG
}

# dags_idle N
dags_idle()
{
	cat <<DAG
from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

for i in range($1):
    with DAG(f"idle{i}", schedule="0 0 1 1 *", start_date=datetime(2100, 1, 1), catchup=False) as dag:
        BashOperator(task_id="a", bash_command="true")
    globals()[f"idle{i}"] = dag
DAG
}
