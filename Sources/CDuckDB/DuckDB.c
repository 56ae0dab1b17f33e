#include "CDuckDB.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Of DuckDB's binary interface, which has been the same since version 1.0.
enum { type_integer = 4, type_bigint = 5, type_float = 10, type_varchar = 17 };
typedef struct {
    uint64_t counts[3];
    void *pointers[3];
} result_t;
typedef union {
    struct {
        uint32_t length;
        char prefix[4];
        const char *bytes;
    } far;
    struct {
        uint32_t length;
        char bytes[12];
    } near;
} string_t;

static struct {
    int (*open)(const char *path, void **database);
    int (*connect)(void *database, void **connection);
    void (*disconnect)(void **connection);
    int (*prepare)(void *connection, const char *sql, void **statement);
    const char *(*prepare_error)(void *statement);
    void (*destroy_prepare)(void **statement);
    int (*pending)(void *statement, void **pending);
    const char *(*pending_error)(void *pending);
    int (*execute)(void *pending, result_t *result);
    void (*destroy_pending)(void **pending);
    void *(*fetch)(result_t result);
    const char *(*error)(result_t *result);
    void (*destroy_result)(result_t *result);
    uint64_t (*column_count)(result_t *result);
    const char *(*column_name)(result_t *result, uint64_t column);
    int (*column_type)(result_t *result, uint64_t column);
    uint64_t (*size)(void *chunk);
    void *(*vector)(void *chunk, uint64_t column);
    void (*destroy_chunk)(void **chunk);
    void *(*data)(void *vector);
    uint64_t *(*validity)(void *vector);
} library;

static bool is_available;
/// A database in memory for all queries, which is never closed: opening one takes longer than a small query.
static void *database;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    const char *named = getenv("FOLDIN_LIBDUCKDB");
    const char *const names[] = {named && *named ? named : "libduckdb.so", "libduckdb.dylib", "/opt/homebrew/lib/libduckdb.dylib"};
    void *opened = NULL;
    for (size_t i = 0; i < (named ? 1 : sizeof names / sizeof *names) && !opened; i++) opened = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!opened) return;
    const struct {
        const char *name;
        void *place;
    } functions[] = {
        {"duckdb_open", &library.open}, {"duckdb_connect", &library.connect},
        {"duckdb_disconnect", &library.disconnect}, {"duckdb_prepare", &library.prepare}, {"duckdb_prepare_error", &library.prepare_error},
        {"duckdb_destroy_prepare", &library.destroy_prepare}, {"duckdb_pending_prepared_streaming", &library.pending},
        {"duckdb_pending_error", &library.pending_error}, {"duckdb_execute_pending", &library.execute},
        {"duckdb_destroy_pending", &library.destroy_pending}, {"duckdb_fetch_chunk", &library.fetch},
        {"duckdb_result_error", &library.error}, {"duckdb_destroy_result", &library.destroy_result},
        {"duckdb_column_count", &library.column_count}, {"duckdb_column_name", &library.column_name},
        {"duckdb_column_type", &library.column_type}, {"duckdb_data_chunk_get_size", &library.size},
        {"duckdb_data_chunk_get_vector", &library.vector}, {"duckdb_destroy_data_chunk", &library.destroy_chunk},
        {"duckdb_vector_get_data", &library.data}, {"duckdb_vector_get_validity", &library.validity},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *found = dlsym(opened, functions[i].name);
        if (!found) return;
        // A pointer to a function through a pointer to data: C has no conversion between them.
        memcpy(functions[i].place, &found, sizeof found);
    }
    is_available = library.open(NULL, &database) == 0;
}

bool foldin_duckdb_is_available(void) {
    pthread_once(&once, load);
    return is_available;
}

/// A running query. Without `result_is_open` it has ended.
typedef struct {
    void *connection, *statement, *pending;
    result_t result;
    bool result_is_open;
    uint64_t columns;
    char *error;
} query_t;

static void end(query_t *query) {
    if (query->result_is_open) library.destroy_result(&query->result);
    if (query->pending) library.destroy_pending(&query->pending);
    if (query->statement) library.destroy_prepare(&query->statement);
    if (query->connection) library.disconnect(&query->connection);
    free(query->error);
    free(query);
}

static const char *format_of(int type) {
    switch (type) {
        case type_integer: return "i";
        case type_bigint: return "l";
        case type_float: return "f";
        case type_varchar: return "U";
        default: return NULL;
    }
}

// --- The schema ---------------------------------------------------------------------------------------------------------------------------

static void release_schema(struct ArrowSchema *schema) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        free((char *)schema->children[i]->name);
        free(schema->children[i]);
    }
    free(schema->children);
    schema->release = NULL;
}

static void release_child_schema(struct ArrowSchema *schema) { schema->release = NULL; }

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *schema) {
    query_t *query = stream->private_data;
    *schema = (struct ArrowSchema){.format = "+s", .name = "", .release = release_schema};
    schema->children = calloc(query->columns + 1, sizeof *schema->children);
    if (!schema->children) return ENOMEM;
    for (uint64_t i = 0; i < query->columns; i++) {
        struct ArrowSchema *child = calloc(1, sizeof *child);
        char *name = strdup(library.column_name(&query->result, i));
        if (!child || !name) {
            free(child);
            free(name);
            release_schema(schema);
            return ENOMEM;
        }
        *child = (struct ArrowSchema){
            .format = format_of(library.column_type(&query->result, i)), .name = name, .flags = 2, .release = release_child_schema};
        schema->children[schema->n_children++] = child;
    }
    return 0;
}

// --- Batches ------------------------------------------------------------------------------------------------------------------------------

// Small enough that its memory is used again at once.
enum { batch_rows = 1 << 14 };

/// A column of a batch that grows: the validity bits, and numbers, or the ends of texts and their bytes.
typedef struct {
    struct ArrowArray array;
    const void *buffers[3];
    uint64_t *bits;
    void *values;
    char *bytes;
    size_t byte_count, byte_capacity;
} column_t;

static void release_column(struct ArrowArray *array) {
    column_t *column = array->private_data;
    free(column->bits);
    free(column->values);
    free(column->bytes);
    free(column);
}

static void release_batch(struct ArrowArray *batch) {
    for (int64_t i = 0; i < batch->n_children; i++) release_column(batch->children[i]);
    free(batch->children);
    free((void *)batch->buffers);
    batch->release = NULL;
}

static size_t width_of(int type) { return type == type_bigint || type == type_varchar ? 8 : 4; }

static column_t *new_column(int type) {
    column_t *column = calloc(1, sizeof *column);
    if (!column) return NULL;
    column->bits = calloc(batch_rows / 64, sizeof *column->bits);
    column->values = calloc(batch_rows + 1, width_of(type));
    if (!column->bits || !column->values) {
        column->array.private_data = column;
        release_column(&column->array);
        return NULL;
    }
    column->array = (struct ArrowArray){
        .n_buffers = type == type_varchar ? 3 : 2, .buffers = column->buffers, .private_data = column, .release = NULL};
    return column;
}

/// Appends the texts of a vector; false without memory.
static bool append_texts(column_t *column, const string_t *texts, const uint64_t *valid, uint64_t count) {
    int64_t *ends = column->values;
    for (uint64_t row = 0; row < count; row++) {
        int64_t place = column->array.length + (int64_t)row;
        bool has_value = !valid || (valid[row / 64] >> (row % 64) & 1);
        uint32_t length = has_value ? texts[row].near.length : 0;
        if (column->byte_count + length > column->byte_capacity) {
            size_t capacity = (column->byte_capacity + length) * 2 + 4096;
            char *grown = realloc(column->bytes, capacity);
            if (!grown) return false;
            column->bytes = grown;
            column->byte_capacity = capacity;
        }
        if (length) memcpy(column->bytes + column->byte_count, length <= 12 ? texts[row].near.bytes : texts[row].far.bytes, length);
        column->byte_count += length;
        ends[place + 1] = (int64_t)column->byte_count;
    }
    return true;
}

/// Appends a vector to a column; false without memory.
static bool append(column_t *column, int type, void *vector, uint64_t count) {
    const uint64_t *valid = library.validity(vector);
    int64_t length = column->array.length;
    for (uint64_t row = 0; row < count; row++) {
        // Whole words where both begin with one.
        if (length % 64 == 0 && row % 64 == 0 && count - row >= 64) {
            uint64_t word = valid ? valid[row / 64] : UINT64_MAX;
            column->bits[(length + (int64_t)row) / 64] = word;
            column->array.null_count += 64 - __builtin_popcountll(word);
            row += 63;
            continue;
        }
        uint64_t place = (uint64_t)length + row;
        bool has_value = !valid || (valid[row / 64] >> (row % 64) & 1);
        if (has_value) column->bits[place / 64] |= UINT64_C(1) << (place % 64);
        column->array.null_count += !has_value;
    }
    bool done = true;
    if (type == type_varchar) {
        done = append_texts(column, library.data(vector), valid, count);
    } else {
        memcpy((char *)column->values + (size_t)length * width_of(type), library.data(vector), count * width_of(type));
    }
    column->array.length += (int64_t)count;
    return done;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *batch) {
    query_t *query = stream->private_data;
    memset(batch, 0, sizeof *batch);
    struct ArrowArray made = {.n_buffers = 1, .release = release_batch};
    made.buffers = calloc(1, sizeof *made.buffers);
    made.children = calloc(query->columns + 1, sizeof *made.children);
    if (!made.buffers || !made.children) goto no_memory;
    for (uint64_t i = 0; i < query->columns; i++) {
        column_t *column = new_column(library.column_type(&query->result, i));
        if (!column) goto no_memory;
        made.children[made.n_children++] = &column->array;
    }
    // A chunk has up to 2048 rows.
    while (made.length + 2048 <= batch_rows) {
        void *chunk = library.fetch(query->result);
        uint64_t count = chunk ? library.size(chunk) : 0;
        bool is_valid = count <= 2048;
        for (uint64_t i = 0; is_valid && i < query->columns; i++) {
            column_t *column = made.children[i]->private_data;
            is_valid = append(column, library.column_type(&query->result, i), library.vector(chunk, i), count);
        }
        made.length += (int64_t)count;
        if (chunk) library.destroy_chunk(&chunk);
        if (!is_valid) goto no_memory;
        if (count == 0) break;
    }
    const char *failure = library.error(&query->result);
    if (failure && *failure) {
        free(query->error);
        query->error = strdup(failure);
        release_batch(&made);
        return EIO;
    }
    if (made.length == 0) {
        release_batch(&made);
        return 0;
    }
    for (int64_t i = 0; i < made.n_children; i++) {
        column_t *column = made.children[i]->private_data;
        column->buffers[0] = column->bits;
        column->buffers[1] = column->values;
        column->buffers[2] = column->bytes ? column->bytes : (char *)column->values;
    }
    *batch = made;
    return 0;
no_memory:
    release_batch(&made);
    return ENOMEM;
}

static const char *get_last_error(struct ArrowArrayStream *stream) { return ((query_t *)stream->private_data)->error; }

static void release_stream(struct ArrowArrayStream *stream) {
    end(stream->private_data);
    stream->release = NULL;
}

int foldin_duckdb_query(const char *sql, struct ArrowArrayStream *stream, char **error) {
    *error = NULL;
    query_t *query = calloc(1, sizeof *query);
    if (!query || !foldin_duckdb_is_available()) {
        free(query);
        return ENOENT;
    }
    const char *failure = "no connection to a database in memory";
    if (library.connect(database, &query->connection) == 0) {
        if (library.prepare(query->connection, sql, &query->statement) != 0) {
            failure = library.prepare_error(query->statement);
        } else if (library.pending(query->statement, &query->pending) != 0) {
            failure = library.pending_error(query->pending);
        } else {
            query->result_is_open = true;
            failure = library.execute(query->pending, &query->result) != 0 ? library.error(&query->result) : NULL;
        }
    }
    if (!failure) {
        query->columns = library.column_count(&query->result);
        for (uint64_t i = 0; i < query->columns; i++)
            if (!format_of(library.column_type(&query->result, i))) failure = "a column of another type";
    }
    if (failure) {
        *error = strdup(failure);
        end(query);
        return EINVAL;
    }
    *stream = (struct ArrowArrayStream){
        .get_schema = get_schema, .get_next = get_next, .get_last_error = get_last_error, .release = release_stream, .private_data = query};
    return 0;
}
