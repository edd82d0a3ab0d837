# Reference values for openrapport.analysis.reliability, from psych (alpha, alpha.ci, fa by maximum likelihood) and base R.
# Run at the root of the repository: Rscript tests/reference/reliability.R
# Reads tests/reference/reliability_*.csv (invented answers; the test file says how they were drawn), writes reliability.json.
suppressMessages({library(psych); library(jsonlite)})

# The information of one person about (loadings, uniquenesses), by the definition: half D' (S^-1 x S^-1) D with D the
# derivatives of the implied covariance matrix.
information <- function(loadings, own) {
  p <- length(own)
  implied <- function(x) as.vector(tcrossprod(x[1:p]) + diag(x[p + 1:p]))
  x <- c(loadings, own)
  D <- sapply(seq_along(x), function(i) {
    step <- replace(numeric(2 * p), i, 1e-4)
    (implied(x + step) - implied(x - step)) / 2e-4
  })
  inverse <- solve(tcrossprod(loadings) + diag(own))
  t(D) %*% kronecker(inverse, inverse) %*% D / 2
}

omega_of <- function(loadings, own) sum(loadings)^2 / (sum(loadings)^2 + sum(own))

one <- function(name) {
  items <- as.matrix(read.csv(file.path("tests/reference", paste0("reliability_", name, ".csv"))))
  n <- nrow(items); k <- ncol(items); sds <- apply(items, 2, sd)
  a <- suppressWarnings(psych::alpha(items, check.keys = FALSE))
  interval <- alpha.ci(a$total$raw_alpha, n.obs = n, n.var = k)
  f <- suppressWarnings(fa(items, nfactors = 1, fm = "ml", rotate = "none"))
  fit <- suppressWarnings(factanal(items, 1, control = list(nstart = 1, opt = list(factr = 1, pgtol = 0, maxit = 10000))))
  loadings <- as.vector(fit$loadings); if (sum(loadings) < 0) loadings <- -loadings
  own <- as.vector(fit$uniquenesses)
  raw <- sds * loadings; raw_own <- sds^2 * own
  estimate <- omega_of(raw, raw_own)
  slope <- c(2 * sum(raw) * sum(raw_own) / (sum(raw)^2 + sum(raw_own))^2 * rep(1, k),
             -sum(raw)^2 / (sum(raw)^2 + sum(raw_own))^2 * rep(1, k))
  se <- sqrt(as.vector(t(slope) %*% solve(information(raw, raw_own)) %*% slope) / (n - 1))
  middle <- qlogis(estimate); reach <- qnorm(.975) * se / (estimate * (1 - estimate))
  list(n = n, items = k,
       alpha = list(estimate = a$total$raw_alpha, standardized = a$total$std.alpha, mean_correlation = a$total$average_r,
                    low = interval$lower.ci, high = interval$upper.ci,
                    item_rest = a$item.stats$r.drop, without_item = a$alpha.drop$raw_alpha),
       psych_ml = list(loadings = as.vector(f$loadings) * sign(sum(f$loadings)), uniquenesses = as.vector(f$uniquenesses),
                       chi_square = f$STATISTIC, df = f$dof, p = f$PVAL),
       omega = list(loadings = loadings, uniquenesses = own, estimate = estimate, standardized = omega_of(loadings, own),
                    discrepancy = unname(fit$criteria["objective"]), se = se,
                    low = plogis(middle - reach), high = plogis(middle + reach)))
}

names <- c("graded", "wide", "heywood")
found <- lapply(setNames(names, names), one)
found$session <- list(R = R.version.string, psych = as.character(packageVersion("psych")),
                      jsonlite = as.character(packageVersion("jsonlite")))
write_json(found, "tests/reference/reliability.json", digits = 15, auto_unbox = TRUE, pretty = TRUE)
