/// The C interface of Foldin: datasets, training, recommendations.
///
/// Rules for all functions:
/// - A function that can fail returns a status, FOLDIN_OK or one of the others below, and sets *error to a text that says what was found
///   and what was expected, or to NULL. Free it with foldin_text_free. `error` may be NULL.
/// - What a function writes to is unchanged if it fails, unless it says otherwise. No input makes a function crash, except a pointer that
///   does not point to what it should.
/// - A pointer to an opaque type belongs to the caller, who frees it once. Functions that take it as const may run at the same time in
///   several threads.
/// - Matrices, texts and options are read during the call only; nothing keeps a pointer to them.
/// - Texts are UTF-8.
///
/// The library can be used after fork() in the child if no call was running in the parent.
#ifndef FOLDIN_H
#define FOLDIN_H

#include <stdint.h>

// Of Arrow's C stream interface.
struct ArrowArrayStream;

#ifdef __cplusplus
extern "C" {
#endif

/// The version of this interface. A library with another number has other functions or structures.
#define FOLDIN_ABI_VERSION 1

enum {
    FOLDIN_OK = 0,
    /// Options or arguments that are not valid.
    FOLDIN_USAGE = 64,
    /// Data that is not valid.
    FOLDIN_BAD_DATA = 65,
    /// A file that does not exist or cannot be read.
    FOLDIN_MISSING_INPUT = 66,
    /// An error of the library itself.
    FOLDIN_INTERNAL = 70,
    /// A file that cannot be created.
    FOLDIN_CANNOT_CREATE = 73,
    /// A write that failed.
    FOLDIN_WRITE_FAILED = 74,
    /// The call was stopped by its foldin_control.
    FOLDIN_STOPPED = 130,
};

/// A prepared dataset: training users, validation users, test users.
typedef struct foldin_dataset foldin_dataset;
/// Ratings with the ids of users and items, before they are divided for training and evaluation.
typedef struct foldin_ratings foldin_ratings;
/// A trained model with the ids of its items.
typedef struct foldin_model foldin_model;

/// The parts of a dataset.
enum {
    FOLDIN_TRAIN = 0,
    FOLDIN_VALIDATION_KNOWN = 1,
    FOLDIN_VALIDATION_HELD_OUT = 2,
    FOLDIN_TEST_KNOWN = 3,
    FOLDIN_TEST_HELD_OUT = 4,
};

/// Which items each user clicked, in compressed sparse rows: row u is indices[starts[u]] to indices[starts[u + 1] - 1], in any order;
/// repeats count once.
typedef struct {
    /// Users.
    int64_t rows;
    /// Items.
    int64_t columns;
    /// rows + 1 places, ascending from 0.
    const int64_t *starts;
    /// Item indices, 0 to columns - 1.
    const int32_t *indices;
} foldin_interactions;

/// Texts, one after the other without separators.
typedef struct {
    int64_t count;
    const char *bytes;
    /// Where each text ends in `bytes`, ascending.
    const int64_t *ends;
} foldin_texts;

/// An option of a training, as `foldin train --help` lists it: {"latent", "100"}. Both end with a zero byte.
typedef struct {
    const char *name;
    const char *value;
} foldin_option;

/// The columns of a table, by name; those that are NULL are recognised by the usual names, such as "user_id".
typedef struct {
    const char *user;
    const char *item;
    /// If there is none, every row is a click.
    const char *rating;
    /// Needed by the splits by time only.
    const char *time;
} foldin_columns;

/// The state of a training.
typedef struct {
    /// The epoch, from 1; 0 for a model that has no epochs.
    int32_t epoch;
    /// The epochs that the schedule allows; 0 for a model that has none.
    int32_t epochs;
    /// Whether the epoch has just ended; the following figures are those of an epoch that ended, otherwise NaN and 0.
    int32_t ended;
    /// Whether it is the best one so far.
    int32_t best;
    /// The part of the epoch, or of the computation, that is done: 0 to 1.
    double fraction;
    /// The training loss.
    double loss;
    /// The validation metric; NaN without validation users.
    double validation;
    /// Seconds since the training began.
    double seconds;
    /// For an epoch that ended, the line of the command's history.jsonl: a JSON document with beta, learning rate, divergence and more.
    /// Otherwise NULL. It lives until the function returns.
    const char *report;
} foldin_progress;

/// How a call runs.
typedef struct {
    /// Threads, 0 for all processors. Results do not depend on it.
    int32_t threads;
    /// NULL, or a number that another thread may set while the call runs: other than 0 it stops the call.
    const int32_t *stop;
    /// NULL, or what is called by the calling thread during a training, at most once per step. A result other than 0 stops the call.
    int32_t (*progress)(const foldin_progress *progress, void *context);
    /// The last argument of `progress`.
    void *context;
} foldin_control;

/// Which items are recommended.
typedef struct {
    /// Items per user.
    int64_t count;
    /// Other than 0 if items of the history may be recommended.
    int32_t keeps_history;
    /// Items that nobody is recommended.
    const int32_t *excluded;
    int64_t excluded_count;
    /// The only items that are recommended; all if allowed_count is negative.
    const int32_t *allowed;
    int64_t allowed_count;
} foldin_selection;

/// FOLDIN_ABI_VERSION of the library.
int32_t foldin_abi_version(void);
/// The version of the library: "0.1.0". It lives as long as the program.
const char *foldin_version(void);
/// Frees a text that a function returned. NULL is allowed.
void foldin_text_free(char *text);

/// The models and their options as a JSON document: [{"name", "help", "options": [{"name", "help", "default", "values"}], "presets":
/// {"liang-vae": {"latent": "200"}}}].
int32_t foldin_models(char **json, char **error);

/// Reads ratings from a stream of Arrow's C stream interface, which is released in any case. No column is copied as a whole.
///
/// Ids are whole numbers, texts, or dictionaries of these. Ratings are numbers, times whole numbers or Arrow's times and dates. A missing value is
/// an error that names its row.
///
/// @param columns NULL to recognise all.
int32_t foldin_ratings_from_arrow(
    struct ArrowArrayStream *stream, const foldin_columns *columns, const foldin_control *control, foldin_ratings **ratings, char **error);
/// Ratings of a matrix: each click is one, and the ids of users and items are the numbers of its rows and columns.
int32_t foldin_ratings_from_matrix(const foldin_interactions *matrix, foldin_ratings **ratings, char **error);
/// Gives items titles, which models keep: as many titles as ids. Ids that no rating has are ignored; of a repeated id the last title counts.
int32_t foldin_ratings_set_titles(foldin_ratings *ratings, const foldin_texts *ids, const foldin_texts *titles, char **error);
/// Frees ratings. NULL is allowed.
void foldin_ratings_free(foldin_ratings *ratings);

/// Filters and divides ratings with the options of `foldin prepare`: {"rating-above", "3.5"}, {"held-out-users", "600"} and so on. The draws are those
/// of the command.
int32_t foldin_dataset_prepare(
    const foldin_ratings *ratings, const foldin_option *options, int64_t option_count, foldin_dataset **dataset, char **error);
/// Reads a directory that `foldin prepare` wrote.
int32_t foldin_dataset_open(const char *directory, foldin_dataset **dataset, char **error);
/// A dataset of matrices with the same columns.
///
/// @param train the training users; it needs a click. Rows without one are left out.
/// @param validation the items that are known of each validation user, and those to find; both NULL for none.
/// @param test the same for test users.
/// @param items an id for each column, all different; NULL for "0", "1" and so on.
/// @param titles a title for each column, empty where none is known; NULL for none.
int32_t foldin_dataset_create(
    const foldin_interactions *train, const foldin_interactions *validation_known, const foldin_interactions *validation_held_out,
    const foldin_interactions *test_known, const foldin_interactions *test_held_out, const foldin_texts *items, const foldin_texts *titles,
    foldin_dataset **dataset, char **error);
/// Frees a dataset. NULL is allowed.
void foldin_dataset_free(foldin_dataset *dataset);
/// How a dataset was prepared, as a JSON document: {"options": {"rating-above": "3.5"}, "counts": {"rows": 1000209, "users": 6034}}; both are
/// empty if it was made of matrices.
int32_t foldin_dataset_describe(const foldin_dataset *dataset, char **json, char **error);
/// The users, items and clicks of a part of a dataset.
int32_t foldin_dataset_size(
    const foldin_dataset *dataset, int32_t part, int64_t *rows, int64_t *columns, int64_t *clicks, char **error);
/// Copies the clicks of a part: starts[rows + 1] and indices[clicks] as in foldin_interactions.
int32_t foldin_dataset_clicks(const foldin_dataset *dataset, int32_t part, int64_t *starts, int32_t *indices, char **error);
/// The ids of the users of a part in the order of its rows; none if the dataset was made of matrices. They live as long as the dataset.
int32_t foldin_dataset_users(const foldin_dataset *dataset, int32_t part, foldin_texts *ids, char **error);
/// The ids of the items in the order of the columns. They live as long as the dataset.
int32_t foldin_dataset_items(const foldin_dataset *dataset, foldin_texts *ids, char **error);

/// Writes prepared ratings to a directory, as `foldin prepare` does, for foldin_dataset_open and the command. An existing one is replaced only if
/// `overwrite` is not 0 and it is a prepared directory.
int32_t foldin_dataset_write(
    const foldin_ratings *ratings, const foldin_option *options, int64_t option_count, const char *directory, int32_t overwrite,
    char **error);

/// Trains a model with the options of `foldin train`: {"model", "mult-vae"}, {"seed", "1"} and so on. With test users it is evaluated
/// as the command does, so that the file of foldin_model_save has the same bytes.
///
/// FOLDIN_STOPPED and a model: training was stopped, this is the best epoch. Without a model (*model is NULL) no epoch had ended.
/// FOLDIN_USAGE and a model: the training diverged, this is the best epoch before. A model is given only if *model is not NULL.
int32_t foldin_train(
    const foldin_dataset *dataset, const foldin_option *options, int64_t option_count, const foldin_control *control,
    foldin_model **model, char **error);

/// Reads a model file of the command, the service, this library or PyTorch.
int32_t foldin_model_load(const char *path, foldin_model **model, char **error);
/// Writes a model file, completely or not at all; an existing file is replaced.
int32_t foldin_model_save(const foldin_model *model, const char *path, char **error);
/// Frees a model. NULL is allowed.
void foldin_model_free(foldin_model *model);
/// A model as a JSON document: {"family", "summary", "items", "options", "metrics", "data"}.
int32_t foldin_model_describe(const foldin_model *model, char **json, char **error);
/// The number of items of a model.
int64_t foldin_model_item_count(const foldin_model *model);
/// The ids of a model's items in the order of their indices. They live as long as the model.
int32_t foldin_model_ids(const foldin_model *model, foldin_texts *ids, char **error);
/// The titles of a model's items, empty where none is known; no texts if the model has none. They live as long as the model.
int32_t foldin_model_titles(const foldin_model *model, foldin_texts *titles, char **error);
/// The index of each id; -1 for an unknown one.
int32_t foldin_model_find(const foldin_model *model, const foldin_texts *ids, int32_t *indices, char **error);

/// The scores of all items for each history: scores[histories->rows * items], row by row. Higher is better.
int32_t foldin_model_score(
    const foldin_model *model, const foldin_interactions *histories, const foldin_control *control, float *scores, char **error);
/// The best items for each history, best first: items[histories->rows * selection->count] and as many scores, row by row. Places for which
/// no item is left have the index -1 and the score NaN. An empty history gets the most popular items with the number of clicks as scores.
///
/// If it is stopped, the rows that are not done are unspecified.
int32_t foldin_model_recommend(
    const foldin_model *model, const foldin_interactions *histories, const foldin_selection *selection, const foldin_control *control,
    int32_t *items, float *scores, char **error);
/// The items most similar to each of `items`: similar[item_count * count] and as many scores, as foldin_model_recommend. FOLDIN_USAGE for a
/// model that does not compare items.
int32_t foldin_model_similar(
    const foldin_model *model, const int32_t *items, int64_t item_count, int64_t count, const foldin_control *control,
    int32_t *similar, float *scores, char **error);
/// Metrics over users whose known items are the history and whose other items are to be found.
///
/// @param metrics names such as "ndcg@100", separated by commas; NULL for the standard ones.
/// @param train the training matrix, for metrics such as "popularity@20"; NULL for none.
/// @param per_user other than 0 for each user's own values too: "rows", the evaluated rows of `known`, and "values" by metric.
/// @param json {"users": 600, "metrics": {"ndcg@100": {"mean": 0.4, "standard_error": 0.01}}}
int32_t foldin_model_evaluate(
    const foldin_model *model, const foldin_interactions *known, const foldin_interactions *held_out, const foldin_interactions *train,
    const char *metrics, int32_t per_user, const foldin_control *control, char **json, char **error);

#ifdef __cplusplus
}
#endif

#endif
