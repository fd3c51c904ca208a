"""How the ranker's boosted members are grown at each size of training set (measured: docs/decisions/0004)."""

from models.ranker_boosting import Recipe

_MANY = 50_000


def n_folds_for(n_rarer: float) -> int:
    """Return how many folds judge the members, given the number of starts or of failures, whichever is rarer."""
    return 3 if n_rarer < 3_000 else 1


def chance_recipes(n_rows: int, max_rounds: int | None = None) -> list[Recipe]:
    """Return the shapes the pointwise member may take, shallow trees first; a quick look at held-out rows chooses."""
    if n_rows < 1_000:
        shapes = [(8, 0.08, 180)]
    elif n_rows < _MANY:
        shapes = [(14, 0.08, 180), (31, 0.12, 120)]
    elif n_rows < 400_000:
        shapes = [(15, 0.1, 300), (47, 0.1, 300)]
    else:
        shapes = [(63, 0.1, 240)]
    patience = 12 if n_rows < _MANY else 20
    return [
        _recipe(
            "chance",
            "binary",
            {**_shape(n_rows), "num_leaves": leaves, "learning_rate": stride},
            rounds,
            patience,
            max_rounds,
        )
        for leaves, stride, rounds in shapes
    ]


def order_recipe(n_rows: int, max_rounds: int | None = None) -> Recipe:
    """Return the member that learns the order inside groups (LambdaMART), growing from the pointwise margins."""
    # no bagging_by_query: LightGBM 4.7 draws it differently on one thread and on two
    params = {**_shape(n_rows), "learning_rate": 0.19, "lambdarank_truncation_level": 20}
    return _recipe("order", "lambdarank", params, 32, 0, max_rounds)


def grade_recipe(n_rows: int, max_rounds: int | None = None) -> Recipe:
    """Return the member that learns graded relevance itself, for data that have grades."""
    return _recipe("grade", "regression", _shape(n_rows), 100, 12, max_rounds)


def timing_recipe(n_rows: int, max_rounds: int | None = None) -> Recipe:
    """Return the member that learns how soon a start comes."""
    return _recipe("timing", "regression", _shape(n_rows), 60, 8, max_rounds)


def max_bin_for(n_rows: int) -> int:
    """Return how many histogram bins a feature gets."""
    return 63 if n_rows < 2_000 else 255


def _recipe(
    name: str, objective: str, params: dict[str, object], rounds: int, patience: int, max_rounds: int | None
) -> Recipe:
    return Recipe(name, objective, params, min(rounds, max_rounds or rounds), patience)


def _shape(n_rows: int) -> dict[str, object]:
    return {
        "learning_rate": 0.12,
        "num_leaves": 8 if n_rows < 1_000 else 16 if n_rows < _MANY else 31,
        "min_data_in_leaf": max(5, min(40 if n_rows < _MANY else 100, n_rows // 200)),
        "min_sum_hessian_in_leaf": 1e-2,
        "lambda_l2": 2.0,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "feature_fraction": 0.6,
    }
