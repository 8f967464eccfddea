#ifndef ENGINE_DAG_H
#define ENGINE_DAG_H
#endif
