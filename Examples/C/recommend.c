// Trains a model on a few clicks and recommends items, by the C interface of Foldin.
//
//     cc -I DIRECTORY recommend.c -L DIRECTORY -lfoldin -Wl,-rpath,DIRECTORY -o recommend      (DIRECTORY: of Scripts/build-library.sh)

#include <foldin.h>
#include <stdio.h>
#include <stdlib.h>

/// Ends the program with the library's message if a call failed.
static void check(int32_t status, char *error) {
    if (status == FOLDIN_OK) return;
    fprintf(stderr, "foldin: %s\n", error ? error : "unknown error");
    foldin_text_free(error);
    exit(status);
}

static int32_t print_epoch(const foldin_progress *progress, void *context) {
    (void)context;
    if (progress->ended) printf("epoch %d of %d, loss %.3f\n", progress->epoch, progress->epochs, progress->loss);
    return 0; // anything else would stop the training
}

int main(void) {
    if (foldin_abi_version() != FOLDIN_ABI_VERSION) return fprintf(stderr, "another version of libfoldin\n"), 1;

    // Eight users; users of an even number like items of an even number, the others the others.
    enum { users = 8, items = 6, each = 2 };
    int64_t starts[users + 1] = {0};
    int32_t clicks[users * each];
    for (int user = 0; user < users; user++) {
        for (int n = 0; n < each; n++) clicks[starts[user] + n] = (2 * (user / 2 + n) + user) % 6 / 2 * 2 + user % 2;
        starts[user + 1] = starts[user] + each;
    }
    foldin_interactions train = {users, items, starts, clicks};

    char *error = NULL;
    foldin_dataset *dataset = NULL;
    check(foldin_dataset_create(&train, NULL, NULL, NULL, NULL, NULL, NULL, &dataset, &error), error);

    foldin_option options[] = {{"model", "mult-vae"}, {"latent", "4"}, {"hidden", "8"}, {"epochs", "5"}, {"seed", "1"}};
    foldin_control control = {.threads = 2, .progress = print_epoch};
    foldin_model *model = NULL;
    check(foldin_train(dataset, options, sizeof options / sizeof *options, &control, &model, &error), error);
    foldin_dataset_free(dataset);

    // Two items for a person who liked item 0, and for one who liked nothing yet.
    int64_t history_starts[] = {0, 1, 1};
    int32_t history[] = {0};
    foldin_interactions histories = {2, items, history_starts, history};
    foldin_selection selection = {.count = 2, .allowed_count = -1};
    int32_t best[4];
    float scores[4];
    check(foldin_model_recommend(model, &histories, &selection, &control, best, scores, &error), error);
    for (int place = 0; place < 4; place++) printf("person %d: item %d, %.3f\n", place / 2, best[place], scores[place]);

    check(foldin_model_save(model, "model.safetensors", &error), error);
    foldin_model_free(model);

    // What is not valid is an error with a text.
    int32_t status = foldin_model_load("nothing.safetensors", &model, &error);
    printf("%d: %s\n", status, error);
    foldin_text_free(error);
    return status == FOLDIN_MISSING_INPUT ? 0 : 1;
}
