/// Rows of an SQL query from DuckDB's library, libduckdb, which is loaded when it is first needed.
#ifndef CDUCKDB_H
#define CDUCKDB_H

#include "CArrow.h"
#include <stdbool.h>

/// Whether DuckDB's library can be loaded: that of the environment variable FOLDIN_LIBDUCKDB, or the system's.
bool foldin_duckdb_is_available(void);

/// Runs a query on a database in memory. Several may run at the same time.
///
/// @param sql one statement, whose columns have the types INTEGER, BIGINT, FLOAT or VARCHAR.
/// @param stream the rows, a few at a time, in their order. Release it. A batch has up to 16,384 rows.
/// @param error a text to free, if the result is not 0.
/// @return 0, or another number if the query is not valid.
int foldin_duckdb_query(const char *sql, struct ArrowArrayStream *stream, char **error);

#endif
