"""How the ranker's boosted members are grown at each size of training set."""

from models.ranker_boosting import Recipe


def chance_recipe(n_rows: int, name: str = "chance", rounds: int | None = None) -> Recipe:
    """Return the pointwise member: many small, shrunken, subsampled trees."""
    return Recipe(name, "binary", _shape(n_rows), rounds or _rounds(n_rows), patience=40)


def order_recipe(n_rows: int, rounds: int | None = None) -> Recipe:
    """Return the member that learns the order inside groups (LambdaMART)."""
    params = {
        **_shape(n_rows), "eval_at": [10], "lambdarank_truncation_level": 20, "bagging_by_query": True,
    }
    return Recipe("order", "lambdarank", params, rounds or _rounds(n_rows), patience=40)


def grade_recipe(n_rows: int, rounds: int | None = None) -> Recipe:
    """Return the member that learns the graded relevance itself, for data that have grades."""
    return Recipe("grade", "regression", _shape(n_rows), rounds or _rounds(n_rows), patience=40)


def timing_recipe(n_rows: int) -> Recipe:
    """Return the member that learns how soon a start comes."""
    return Recipe("timing", "regression", {**_shape(n_rows), "learning_rate": 0.08}, 80, patience=20)


def max_bin_for(n_rows: int) -> int:
    """Return how many histogram bins a feature gets."""
    return 63 if n_rows < 2_000 else 255


def _rounds(n_rows: int) -> int:
    return 200 if n_rows < 20_000 else 250


def _shape(n_rows: int) -> dict[str, float | int | bool]:
    small = n_rows < 5_000
    return {
        "learning_rate": 0.05 if small else 0.08,
        "num_leaves": 8 if n_rows < 1_000 else 12 if small else 16 if n_rows < 50_000 else 31,
        "min_data_in_leaf": max(5, min(100, n_rows // 200)),
        "min_sum_hessian_in_leaf": 1e-2,
        "lambda_l2": 5.0,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "feature_fraction": 0.6,
    }
