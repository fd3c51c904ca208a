"""How the ranker's boosted members are grown at each size of training set (measured: docs/decisions/0004)."""

from models.ranker_boosting import Recipe


def n_folds_for(n_rows: int) -> int:
    """Return how many folds judge the members: more where rows are few, one holdout where they are many."""
    return 3 if n_rows < 50_000 else 1


def chance_recipe(n_rows: int, max_rounds: int | None = None) -> Recipe:
    """Return the pointwise member: subsampled trees of few leaves."""
    return _recipe(
        "chance", "binary", _shape(n_rows), 60 if n_rows < 50_000 else 400 if n_rows < 400_000 else 240, 12, max_rounds
    )


def order_recipe(n_rows: int, max_rounds: int | None = None) -> Recipe:
    """Return the member that learns the order inside groups (LambdaMART), growing from the pointwise margins."""
    # no bagging_by_query: LightGBM 4.7 draws it differently on one thread and on two
    params = {**_shape(n_rows), "learning_rate": 0.19, "lambdarank_truncation_level": 20}
    return _recipe("order", "lambdarank", params, 32, 0, max_rounds)


def grade_recipe(n_rows: int, max_rounds: int | None = None) -> Recipe:
    """Return the member that learns graded relevance itself, for data that have grades."""
    return _recipe("grade", "regression", _shape(n_rows), 60, 15, max_rounds)


def timing_recipe(n_rows: int, max_rounds: int | None = None) -> Recipe:
    """Return the member that learns how soon a start comes."""
    return _recipe("timing", "regression", _shape(n_rows), 50, 10, max_rounds)


def max_bin_for(n_rows: int) -> int:
    """Return how many histogram bins a feature gets."""
    return 63 if n_rows < 2_000 else 255


def _recipe(
    name: str, objective: str, params: dict[str, object], rounds: int, patience: int, max_rounds: int | None
) -> Recipe:
    return Recipe(name, objective, params, min(rounds, max_rounds or rounds), patience)


def _shape(n_rows: int) -> dict[str, object]:
    many = n_rows >= 50_000
    return {
        "learning_rate": 0.12 if many else 0.2,
        "num_leaves": 8 if n_rows < 1_000 else 16 if not many else 31 if n_rows < 400_000 else 63,
        "min_data_in_leaf": max(5, min(100, n_rows // 200)),
        "min_sum_hessian_in_leaf": 1e-2,
        "lambda_l2": 2.0,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "feature_fraction": 0.6,
    }
