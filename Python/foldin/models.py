"""The models. Made by generate_models.py."""

from __future__ import annotations

from collections.abc import Sequence

from ._recommender import Recommender


class MultVAE(Recommender):
    """Variational autoencoder with multinomial likelihood (Liang et al. 2018).

    Args:
        latent: Width of the latent vector.
        hidden: Widths of the encoder's hidden layers, from the items inwards; 'none' for no hidden layer. Where all hidden layers
            have one width, that width.
        decoder_hidden: Widths of the decoder's hidden layers, from the latent vector outwards; 'auto' mirrors the encoder's.
        dropout: Dropout probability of the input.
        encoder_dropout: Dropout probability before each encoder layer, instead of dropout; 'auto' is dropout, then zeros.
        decoder_dropout: Dropout probability before each decoder layer; 'auto' is zeros.
        activations: Where tanh is applied: as in the paper, or as in the article's code.
        logits: The scores of mult-vae before the softmax: 'dot' products, or 'cosine' similarities divided by logits-temperature.
        logits_temperature: The number that divides cosines.
        user_power: The loss of a user with n clicks is multiplied by n^-power; for sparse data 0.5.
        epochs: Maximum passes over the training users.
        batch_size: Users per batch.
        learning_rate: Adam's learning rate.
        learning_rate_schedule: How the learning rate changes: 'plateau' cuts it when the validation score stops improving,
            'linear' and 'cosine' bring it to final-learning-rate at the last epoch.
        final_learning_rate: The learning rate at the end of 'linear' and 'cosine'.
        plateau_factor: The factor by which 'plateau' multiplies the learning rate.
        plateau_patience: Evaluations without improvement that 'plateau' tolerates; the next one cuts.
        plateau_threshold: The smallest change that counts as an improvement: relative for the metric, absolute for the loss;
            'auto' is 0.001 and 2.
        warm_up_updates: Updates over which the learning rate grows from 0.
        warm_up_epochs: The same in epochs.
        weight_decay: Weight decay.
        decay: The kind of weight decay: 'adamw' shrinks weights separately from Adam, as PyTorch's AdamW; 'l2' adds to the
            gradient, as MXNet's Adam.
        adam_beta1: Adam's decay rate of the mean of gradients.
        adam_beta2: Adam's decay rate of the mean of squared gradients.
        adam_epsilon: The number that keeps Adam from dividing by 0.
        anneal: How beta, the weight of the KL divergence, changes: 'linear' growth from 0 to its cap, or 'constant' at the cap.
        anneal_cap: The largest beta; 'search' finds it as the paper does: it trains with beta growing to 1, then again up to the
            beta with the best validation score.
        anneal_epochs: Epochs after which beta reaches its cap, or their percentage; 'auto' where anneal-updates is set.
        anneal_updates: Updates after which an uncapped beta would be 1, instead of anneal-epochs.
        evaluate_every: Epochs between evaluations on the validation users.
        metric: The validation metric.
        stop_on: The score that decides which epoch is kept, when to stop and when to cut: the validation metric or loss.
        patience: Evaluations without a better score after which training stops; 0 never stops early.
        seed: Seed of initial weights, shuffles, dropout and noise.
        precision: The numbers that the last layer multiplies: fp32, or bf16 where the processor supports it; weights, moments and
            sums are fp32 in both cases.
        softmax: The softmax over the items: exact, or estimated from a sample, for catalogues of 100,000 items and more.
        negatives: Items sampled per batch among those that no user in it clicked, for a sampled softmax.
        threads: Threads; None for all processors. Results do not depend on it.
        verbose: Whether progress is shown.
    """

    family = "mult-vae"

    def __init__(
        self,
        *,
        latent: int = 200,
        hidden: Sequence[int] = (600,),
        decoder_hidden: Sequence[int] | None = None,
        dropout: float = 0.5,
        encoder_dropout: Sequence[float] | None = None,
        decoder_dropout: Sequence[float] | None = None,
        activations: str = 'paper',
        logits: str = 'dot',
        logits_temperature: float = 0.1,
        user_power: float = 0,
        epochs: int = 200,
        batch_size: int = 500,
        learning_rate: float = 0.001,
        learning_rate_schedule: str = 'constant',
        final_learning_rate: float = 0,
        plateau_factor: float = 0.4,
        plateau_patience: int = 5,
        plateau_threshold: float | str | None = None,
        warm_up_updates: int = 0,
        warm_up_epochs: float = 0,
        weight_decay: float = 0,
        decay: str = 'adamw',
        adam_beta1: float = 0.9,
        adam_beta2: float = 0.999,
        adam_epsilon: float = 1e-08,
        anneal: str = 'linear',
        anneal_cap: float | str = 0.2,
        anneal_epochs: str = '85%',
        anneal_updates: float | str | None = None,
        evaluate_every: int = 1,
        metric: str = 'ndcg@100',
        stop_on: str = 'metric',
        patience: int = 20,
        seed: int = 98765,
        precision: str = 'fp32',
        softmax: str = 'exact',
        negatives: int = 4096,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.latent = latent
        self.hidden = hidden
        self.decoder_hidden = decoder_hidden
        self.dropout = dropout
        self.encoder_dropout = encoder_dropout
        self.decoder_dropout = decoder_dropout
        self.activations = activations
        self.logits = logits
        self.logits_temperature = logits_temperature
        self.user_power = user_power
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.final_learning_rate = final_learning_rate
        self.plateau_factor = plateau_factor
        self.plateau_patience = plateau_patience
        self.plateau_threshold = plateau_threshold
        self.warm_up_updates = warm_up_updates
        self.warm_up_epochs = warm_up_epochs
        self.weight_decay = weight_decay
        self.decay = decay
        self.adam_beta1 = adam_beta1
        self.adam_beta2 = adam_beta2
        self.adam_epsilon = adam_epsilon
        self.anneal = anneal
        self.anneal_cap = anneal_cap
        self.anneal_epochs = anneal_epochs
        self.anneal_updates = anneal_updates
        self.evaluate_every = evaluate_every
        self.metric = metric
        self.stop_on = stop_on
        self.patience = patience
        self.seed = seed
        self.precision = precision
        self.softmax = softmax
        self.negatives = negatives
        self.threads = threads
        self.verbose = verbose


class MultDAE(Recommender):
    """Denoising autoencoder with multinomial likelihood (Liang et al. 2018).

    Args:
        latent: Width of the latent vector.
        hidden: Widths of the encoder's hidden layers, from the items inwards; 'none' for no hidden layer. Where all hidden layers
            have one width, that width.
        decoder_hidden: Widths of the decoder's hidden layers, from the latent vector outwards; 'auto' mirrors the encoder's.
        dropout: Dropout probability of the input.
        encoder_dropout: Dropout probability before each encoder layer, instead of dropout; 'auto' is dropout, then zeros.
        decoder_dropout: Dropout probability before each decoder layer; 'auto' is zeros.
        activations: Where tanh is applied: as in the paper, or as in the article's code.
        epochs: Maximum passes over the training users.
        batch_size: Users per batch.
        learning_rate: Adam's learning rate.
        learning_rate_schedule: How the learning rate changes: 'plateau' cuts it when the validation score stops improving,
            'linear' and 'cosine' bring it to final-learning-rate at the last epoch.
        final_learning_rate: The learning rate at the end of 'linear' and 'cosine'.
        plateau_factor: The factor by which 'plateau' multiplies the learning rate.
        plateau_patience: Evaluations without improvement that 'plateau' tolerates; the next one cuts.
        plateau_threshold: The smallest change that counts as an improvement: relative for the metric, absolute for the loss;
            'auto' is 0.001 and 2.
        warm_up_updates: Updates over which the learning rate grows from 0.
        warm_up_epochs: The same in epochs.
        weight_decay: Weight decay.
        decay: The kind of weight decay: 'adamw' shrinks weights separately from Adam, as PyTorch's AdamW; 'l2' adds to the
            gradient, as MXNet's Adam.
        adam_beta1: Adam's decay rate of the mean of gradients.
        adam_beta2: Adam's decay rate of the mean of squared gradients.
        adam_epsilon: The number that keeps Adam from dividing by 0.
        anneal: How beta, the weight of the KL divergence, changes: 'linear' growth from 0 to its cap, or 'constant' at the cap.
        anneal_cap: The largest beta; 'search' finds it as the paper does: it trains with beta growing to 1, then again up to the
            beta with the best validation score.
        anneal_epochs: Epochs after which beta reaches its cap, or their percentage; 'auto' where anneal-updates is set.
        anneal_updates: Updates after which an uncapped beta would be 1, instead of anneal-epochs.
        evaluate_every: Epochs between evaluations on the validation users.
        metric: The validation metric.
        stop_on: The score that decides which epoch is kept, when to stop and when to cut: the validation metric or loss.
        patience: Evaluations without a better score after which training stops; 0 never stops early.
        seed: Seed of initial weights, shuffles, dropout and noise.
        precision: The numbers that the last layer multiplies: fp32, or bf16 where the processor supports it; weights, moments and
            sums are fp32 in both cases.
        softmax: The softmax over the items: exact, or estimated from a sample, for catalogues of 100,000 items and more.
        negatives: Items sampled per batch among those that no user in it clicked, for a sampled softmax.
        threads: Threads; None for all processors. Results do not depend on it.
        verbose: Whether progress is shown.
    """

    family = "mult-dae"

    def __init__(
        self,
        *,
        latent: int = 200,
        hidden: Sequence[int] = (600,),
        decoder_hidden: Sequence[int] | None = None,
        dropout: float = 0.5,
        encoder_dropout: Sequence[float] | None = None,
        decoder_dropout: Sequence[float] | None = None,
        activations: str = 'paper',
        epochs: int = 200,
        batch_size: int = 500,
        learning_rate: float = 0.001,
        learning_rate_schedule: str = 'constant',
        final_learning_rate: float = 0,
        plateau_factor: float = 0.4,
        plateau_patience: int = 5,
        plateau_threshold: float | str | None = None,
        warm_up_updates: int = 0,
        warm_up_epochs: float = 0,
        weight_decay: float = 0,
        decay: str = 'adamw',
        adam_beta1: float = 0.9,
        adam_beta2: float = 0.999,
        adam_epsilon: float = 1e-08,
        anneal: str = 'linear',
        anneal_cap: float | str = 0.2,
        anneal_epochs: str = '85%',
        anneal_updates: float | str | None = None,
        evaluate_every: int = 1,
        metric: str = 'ndcg@100',
        stop_on: str = 'metric',
        patience: int = 20,
        seed: int = 98765,
        precision: str = 'fp32',
        softmax: str = 'exact',
        negatives: int = 4096,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.latent = latent
        self.hidden = hidden
        self.decoder_hidden = decoder_hidden
        self.dropout = dropout
        self.encoder_dropout = encoder_dropout
        self.decoder_dropout = decoder_dropout
        self.activations = activations
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.final_learning_rate = final_learning_rate
        self.plateau_factor = plateau_factor
        self.plateau_patience = plateau_patience
        self.plateau_threshold = plateau_threshold
        self.warm_up_updates = warm_up_updates
        self.warm_up_epochs = warm_up_epochs
        self.weight_decay = weight_decay
        self.decay = decay
        self.adam_beta1 = adam_beta1
        self.adam_beta2 = adam_beta2
        self.adam_epsilon = adam_epsilon
        self.anneal = anneal
        self.anneal_cap = anneal_cap
        self.anneal_epochs = anneal_epochs
        self.anneal_updates = anneal_updates
        self.evaluate_every = evaluate_every
        self.metric = metric
        self.stop_on = stop_on
        self.patience = patience
        self.seed = seed
        self.precision = precision
        self.softmax = softmax
        self.negatives = negatives
        self.threads = threads
        self.verbose = verbose


class RecVAE(Recommender):
    """Variational autoencoder with a composite prior and alternating updates (Shenbin et al. 2020).

    Args:
        latent: Width of the latent vector.
        hidden: Widths of the encoder's hidden layers, from the items inwards; 'none' for no hidden layer. Where all hidden layers
            have one width, that width.
        dropout: Dropout probability of the input.
        gamma: Weight of rec-vae's divergence for each click of a user.
        epochs: Maximum passes over the training users.
        batch_size: Users per batch.
        learning_rate: Adam's learning rate.
        learning_rate_schedule: How the learning rate changes: 'plateau' cuts it when the validation score stops improving,
            'linear' and 'cosine' bring it to final-learning-rate at the last epoch.
        final_learning_rate: The learning rate at the end of 'linear' and 'cosine'.
        plateau_factor: The factor by which 'plateau' multiplies the learning rate.
        plateau_patience: Evaluations without improvement that 'plateau' tolerates; the next one cuts.
        plateau_threshold: The smallest change that counts as an improvement: relative for the metric, absolute for the loss;
            'auto' is 0.001 and 2.
        warm_up_updates: Updates over which the learning rate grows from 0.
        warm_up_epochs: The same in epochs.
        weight_decay: Weight decay.
        decay: The kind of weight decay: 'adamw' shrinks weights separately from Adam, as PyTorch's AdamW; 'l2' adds to the
            gradient, as MXNet's Adam.
        adam_beta1: Adam's decay rate of the mean of gradients.
        adam_beta2: Adam's decay rate of the mean of squared gradients.
        adam_epsilon: The number that keeps Adam from dividing by 0.
        evaluate_every: Epochs between evaluations on the validation users.
        metric: The validation metric.
        stop_on: The score that decides which epoch is kept, when to stop and when to cut: the validation metric or loss.
        patience: Evaluations without a better score after which training stops; 0 never stops early.
        seed: Seed of initial weights, shuffles, dropout and noise.
        precision: The numbers that the last layer multiplies: fp32, or bf16 where the processor supports it; weights, moments and
            sums are fp32 in both cases.
        threads: Threads; None for all processors. Results do not depend on it.
        verbose: Whether progress is shown.
    """

    family = "rec-vae"

    def __init__(
        self,
        *,
        latent: int = 200,
        hidden: Sequence[int] = (600,),
        dropout: float = 0.5,
        gamma: float = 0.005,
        epochs: int = 200,
        batch_size: int = 500,
        learning_rate: float = 0.001,
        learning_rate_schedule: str = 'constant',
        final_learning_rate: float = 0,
        plateau_factor: float = 0.4,
        plateau_patience: int = 5,
        plateau_threshold: float | str | None = None,
        warm_up_updates: int = 0,
        warm_up_epochs: float = 0,
        weight_decay: float = 0,
        decay: str = 'adamw',
        adam_beta1: float = 0.9,
        adam_beta2: float = 0.999,
        adam_epsilon: float = 1e-08,
        evaluate_every: int = 1,
        metric: str = 'ndcg@100',
        stop_on: str = 'metric',
        patience: int = 20,
        seed: int = 98765,
        precision: str = 'fp32',
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.latent = latent
        self.hidden = hidden
        self.dropout = dropout
        self.gamma = gamma
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.final_learning_rate = final_learning_rate
        self.plateau_factor = plateau_factor
        self.plateau_patience = plateau_patience
        self.plateau_threshold = plateau_threshold
        self.warm_up_updates = warm_up_updates
        self.warm_up_epochs = warm_up_epochs
        self.weight_decay = weight_decay
        self.decay = decay
        self.adam_beta1 = adam_beta1
        self.adam_beta2 = adam_beta2
        self.adam_epsilon = adam_epsilon
        self.evaluate_every = evaluate_every
        self.metric = metric
        self.stop_on = stop_on
        self.patience = patience
        self.seed = seed
        self.precision = precision
        self.threads = threads
        self.verbose = verbose


class ELSA(Recommender):
    """Scalable linear shallow autoencoder (Vančura et al. 2022).

    Args:
        latent: Width of the latent vector.
        elsa_loss: The loss of elsa: the squared distance of normalised scores, or the likelihood under a softmax of scores.
        temperature: The number that divides elsa's scores in a softmax loss.
        epochs: Maximum passes over the training users.
        batch_size: Users per batch.
        learning_rate: Adam's learning rate.
        learning_rate_schedule: How the learning rate changes: 'plateau' cuts it when the validation score stops improving,
            'linear' and 'cosine' bring it to final-learning-rate at the last epoch.
        final_learning_rate: The learning rate at the end of 'linear' and 'cosine'.
        plateau_factor: The factor by which 'plateau' multiplies the learning rate.
        plateau_patience: Evaluations without improvement that 'plateau' tolerates; the next one cuts.
        plateau_threshold: The smallest change that counts as an improvement: relative for the metric, absolute for the loss;
            'auto' is 0.001 and 2.
        warm_up_updates: Updates over which the learning rate grows from 0.
        warm_up_epochs: The same in epochs.
        weight_decay: Weight decay.
        decay: The kind of weight decay: 'adamw' shrinks weights separately from Adam, as PyTorch's AdamW; 'l2' adds to the
            gradient, as MXNet's Adam.
        adam_beta1: Adam's decay rate of the mean of gradients.
        adam_beta2: Adam's decay rate of the mean of squared gradients.
        adam_epsilon: The number that keeps Adam from dividing by 0.
        evaluate_every: Epochs between evaluations on the validation users.
        metric: The validation metric.
        stop_on: The score that decides which epoch is kept, when to stop and when to cut: the validation metric or loss.
        patience: Evaluations without a better score after which training stops; 0 never stops early.
        seed: Seed of initial weights, shuffles, dropout and noise.
        softmax: The softmax over the items: exact, or estimated from a sample, for catalogues of 100,000 items and more.
        negatives: Items sampled per batch among those that no user in it clicked, for a sampled softmax.
        threads: Threads; None for all processors. Results do not depend on it.
        verbose: Whether progress is shown.
    """

    family = "elsa"

    def __init__(
        self,
        *,
        latent: int = 200,
        elsa_loss: str = 'squared',
        temperature: float = 0.1,
        epochs: int = 200,
        batch_size: int = 500,
        learning_rate: float = 0.001,
        learning_rate_schedule: str = 'constant',
        final_learning_rate: float = 0,
        plateau_factor: float = 0.4,
        plateau_patience: int = 5,
        plateau_threshold: float | str | None = None,
        warm_up_updates: int = 0,
        warm_up_epochs: float = 0,
        weight_decay: float = 0,
        decay: str = 'adamw',
        adam_beta1: float = 0.9,
        adam_beta2: float = 0.999,
        adam_epsilon: float = 1e-08,
        evaluate_every: int = 1,
        metric: str = 'ndcg@100',
        stop_on: str = 'metric',
        patience: int = 20,
        seed: int = 98765,
        softmax: str = 'exact',
        negatives: int = 4096,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.latent = latent
        self.elsa_loss = elsa_loss
        self.temperature = temperature
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.final_learning_rate = final_learning_rate
        self.plateau_factor = plateau_factor
        self.plateau_patience = plateau_patience
        self.plateau_threshold = plateau_threshold
        self.warm_up_updates = warm_up_updates
        self.warm_up_epochs = warm_up_epochs
        self.weight_decay = weight_decay
        self.decay = decay
        self.adam_beta1 = adam_beta1
        self.adam_beta2 = adam_beta2
        self.adam_epsilon = adam_epsilon
        self.evaluate_every = evaluate_every
        self.metric = metric
        self.stop_on = stop_on
        self.patience = patience
        self.seed = seed
        self.softmax = softmax
        self.negatives = negatives
        self.threads = threads
        self.verbose = verbose


class Popularity(Recommender):
    """Items by their number of clicks.

    Args:
        threads: Threads; None for all processors. Results do not depend on it.
        verbose: Whether progress is shown.
    """

    family = "popularity"

    def __init__(
        self,
        *,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.threads = threads
        self.verbose = verbose


class ItemKNN(Recommender):
    """Item-based nearest neighbours.

    Args:
        neighbours: Nearest neighbours of each item that count.
        shrinkage: Reduces similarities that few users support.
        threads: Threads; None for all processors. Results do not depend on it.
        verbose: Whether progress is shown.
    """

    family = "item-knn"

    def __init__(
        self,
        *,
        neighbours: int = 100,
        shrinkage: float = 10,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.neighbours = neighbours
        self.shrinkage = shrinkage
        self.threads = threads
        self.verbose = verbose


class ChebyCF(Recommender):
    """Polynomial filter of the graph of users and items (Kim et al. 2025).

    Args:
        degree: Degree of the polynomial; scoring takes time in proportion.
        flatness: Exponent of the filter: the larger, the less the weak directions count.
        directions: Strongest singular vectors that count more; 0 for none.
        projection_weight: Weight of those singular vectors.
        popularity_power: A score is multiplied by the item's clicks to this power.
        threads: Threads; None for all processors. Results do not depend on it.
        verbose: Whether progress is shown.
    """

    family = "chebycf"

    def __init__(
        self,
        *,
        degree: int = 8,
        flatness: float = 1.5,
        directions: int = 512,
        projection_weight: float = 0.1,
        popularity_power: float = 0.3,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.degree = degree
        self.flatness = flatness
        self.directions = directions
        self.projection_weight = projection_weight
        self.popularity_power = popularity_power
        self.threads = threads
        self.verbose = verbose


class IALS(Recommender):
    """Matrix factorisation by alternating least squares (Hu et al. 2008, Rendle et al. 2022).

    Args:
        latent: Width of the user and item vectors.
        lambda_: Penalty of the squared vectors.
        unobserved_weight: Weight of the squared score of every pair of a user and an item; 0 for 30 times the share of clicks in
            all pairs, at most 1.
        frequency_power: How far the penalty grows with a vector's clicks: 1 in proportion, 0 not at all.
        iterations: Times that all user and item vectors are computed.
        seed: Seed of the first item vectors.
        threads: Threads; None for all processors. Results do not depend on it.
        verbose: Whether progress is shown.
    """

    family = "ials"

    def __init__(
        self,
        *,
        latent: int = 256,
        lambda_: float = 0.003,
        unobserved_weight: float = 0,
        frequency_power: float = 1,
        iterations: int = 16,
        seed: int = 98765,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.latent = latent
        self.lambda_ = lambda_
        self.unobserved_weight = unobserved_weight
        self.frequency_power = frequency_power
        self.iterations = iterations
        self.seed = seed
        self.threads = threads
        self.verbose = verbose


class MRF(Recommender):
    """Sparse linear model in closed form, for large catalogues (Steck 2019).

    Args:
        neighbours: Other items that an item is predicted from.
        dropout: Probability of dropping a click.
        lambda_: Penalty of the squared weights.
        user_power: A user with n clicks counts 1/n^power times; for sparse data 0.3 to 0.8.
        item_power: The weight from i to j is multiplied by (clicks of i / clicks of j)^power.
        threads: Threads; None for all processors. Results do not depend on it.
        verbose: Whether progress is shown.
    """

    family = "mrf"

    def __init__(
        self,
        *,
        neighbours: int = 200,
        dropout: float = 0.65,
        lambda_: float = 20,
        user_power: float = 0.3,
        item_power: float = 0.2,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.neighbours = neighbours
        self.dropout = dropout
        self.lambda_ = lambda_
        self.user_power = user_power
        self.item_power = item_power
        self.threads = threads
        self.verbose = verbose


class EASE(Recommender):
    """Linear model of all items in closed form (Steck 2019).

    Args:
        lambda_: Penalty of the squared weights.
        keep: Weights that each item keeps, those of largest magnitude; 0 keeps all.
        threads: Threads; None for all processors. Results do not depend on it.
        verbose: Whether progress is shown.
    """

    family = "ease"

    def __init__(
        self,
        *,
        lambda_: float = 500,
        keep: int = 0,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.lambda_ = lambda_
        self.keep = keep
        self.threads = threads
        self.verbose = verbose


class EDLAE(Recommender):
    """Denoising linear autoencoder in closed form (Steck 2020).

    Args:
        dropout: Probability of dropping a click.
        lambda_: Penalty of the squared weights.
        user_power: A user with n clicks counts 1/n^power times; for sparse data 0.5 to 1.
        item_power: The weight from i to j is multiplied by (clicks of i / clicks of j)^power.
        relaxation: How far the weight of an item to itself may be from 0.
        keep: Weights that each item keeps, those of largest magnitude; 0 keeps all.
        threads: Threads; None for all processors. Results do not depend on it.
        verbose: Whether progress is shown.
    """

    family = "edlae"

    def __init__(
        self,
        *,
        dropout: float = 0.5,
        lambda_: float = 300,
        user_power: float = 0,
        item_power: float = 0,
        relaxation: float = 0,
        keep: int = 0,
        threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.dropout = dropout
        self.lambda_ = lambda_
        self.user_power = user_power
        self.item_power = item_power
        self.relaxation = relaxation
        self.keep = keep
        self.threads = threads
        self.verbose = verbose


all_models: list[type[Recommender]] = [MultVAE, MultDAE, RecVAE, ELSA, Popularity, ItemKNN, ChebyCF, IALS, MRF, EASE, EDLAE]
