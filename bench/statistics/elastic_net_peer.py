"""The same grid by scikit-learn, in two ways; reads a JSON object from standard input and writes one to standard output.

search: as one writes it, GridSearchCV over a pipeline that ends in ElasticNet, and one fit of each setting on all rows
by hand: with care for speed, Ridge in place of ElasticNet for l1_ratio 0 and one expansion for all settings of a degree and fold"""
import json, os, sys, time, warnings
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
try:
    import joblib, numpy as np, sklearn
    from joblib.externals.loky import get_reusable_executor
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import ElasticNet, Ridge
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler
except ImportError as error:
    sys.exit(print(f"{sys.executable}: {error}; the peer is left out (choose a Python with scikit-learn: --python COMMAND)", file=sys.stderr) or 3)

job = json.load(sys.stdin)
X, y, folds, grid = np.array(job["X"]), np.array(job["y"]), np.array(job["folds"]), job["grid"]
degrees = sorted({s["degree"] for s in grid})


def fit_all(degree, fold, **extra):
    """Every setting of one degree on the rows outside one fold (fold -1: all rows)."""
    began, train = time.process_time(), folds != fold
    prepare = make_pipeline(StandardScaler(), PolynomialFeatures(degree, include_bias=False), StandardScaler())
    A, b = prepare.fit_transform(X[train]), y[train]
    B = prepare.transform(X[~train]) if fold >= 0 else None
    out = []
    for s in grid:
        if s["degree"] != degree:
            continue
        a, l = s["alpha"], s["l1Ratio"]
        model = Ridge(alpha=a * len(b)) if l == 0 else ElasticNet(alpha=a, l1_ratio=l, **extra)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(A, b)
        w = model.coef_
        loss = ((b - model.predict(A)) ** 2).sum() / (2 * len(b))
        objective = float(loss + a * l * np.abs(w).sum() + a * (1 - l) / 2 * (w**2).sum())
        error = float(np.abs(model.predict(B) - y[~train]).mean()) if fold >= 0 else 0.0
        out.append((objective, any(issubclass(c.category, ConvergenceWarning) for c in caught), error))
    return out, time.process_time() - began


def run(jobs, **extra):
    # the largest first, so that no process waits long at the end
    order = sorted(jobs, key=lambda j: -j[0])
    parts = joblib.Parallel(n_jobs=job["processes"])(joblib.delayed(fit_all)(d, f, **extra) for d, f in order)
    return dict(zip(order, parts))


all_folds = [int(f) for f in np.unique(folds)] + [-1]
joblib.Parallel(n_jobs=job["processes"])(joblib.delayed(fit_all)(degrees[0], f) for f in all_folds[:2])  # start the processes
start = time.perf_counter()
parts = run([(d, f) for d in degrees for f in all_folds])
seconds = time.perf_counter() - start
processor = sum(part[1] for part in parts.values())
parts = {key: part[0] for key, part in parts.items()}
table = [[cell for d in degrees for cell in parts[d, f]] for f in all_folds]  # [fold][setting]; paperGrid is sorted by degree
result = {
    "versions": {"sklearn": sklearn.__version__, "numpy": np.__version__, "python": sys.version.split()[0]},
    "seconds": seconds,
    "processor": processor,
    "objectives": [[c[0] for c in row] for row in table],
    "warned": [[c[1] for c in row] for row in table],
    "meanAbsoluteErrors": [float(np.mean([table[f][k][2] for f in range(len(all_folds) - 1)])) for k in range(len(grid))],
}


def fit_setting(pipeline, parameters):
    """One setting on all rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clone(pipeline).set_params(**{key: value[0] for key, value in parameters.items()}).fit(X, y)


if job["search"]:
    pipeline = make_pipeline(StandardScaler(), PolynomialFeatures(include_bias=False), StandardScaler(), ElasticNet())
    settings = [{"polynomialfeatures__degree": [s["degree"]], "elasticnet__alpha": [s["alpha"]], "elasticnet__l1_ratio": [s["l1Ratio"]]} for s in grid]
    os.environ["PYTHONWARNINGS"] = "ignore"
    warnings.simplefilter("ignore")
    get_reusable_executor().shutdown(wait=True)  # new processes, which do not print warnings
    start = time.perf_counter()
    search = GridSearchCV(pipeline, settings, cv=PredefinedSplit(folds), scoring="neg_mean_absolute_error", n_jobs=job["processes"], refit=False)
    search.fit(X, y)
    joblib.Parallel(n_jobs=job["processes"])(joblib.delayed(fit_setting)(pipeline, s) for s in settings)
    result["search"] = {
        "seconds": time.perf_counter() - start,
        "meanAbsoluteErrors": (-search.cv_results_["mean_test_score"]).tolist(),
    }
if job["tight"]:
    start = time.perf_counter()
    parts = run([(d, -1) for d in degrees], tol=1e-8, max_iter=20_000)
    cells = [cell for d in degrees for cell in parts[d, -1][0]]
    result["tight"] = {"seconds": time.perf_counter() - start, "objectives": [c[0] for c in cells], "warned": [c[1] for c in cells]}
json.dump(result, sys.stdout)
