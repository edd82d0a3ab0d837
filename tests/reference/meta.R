# Reference values for openrapport.analysis.meta, from metafor (rma, rma.mv, confint, predict).
# Run at the root of the repository: Rscript tests/reference/meta.R
# Reads tests/reference/meta_*.csv (study, r, n; the test file says where each comes from), writes meta.json.
suppressMessages({library(metafor); library(jsonlite)})

two_levels <- function(data) {
  out <- list()
  for (method in c("DL", "REML")) for (test in c("z", "knha")) {
    fit <- rma(ri = r, ni = n, measure = "ZCOR", data = data, method = method, test = test,
               control = list(threshold = 1e-13, maxiter = 10000, tol = 1e-13))
    # "riley" is the t distribution with k - 2 degrees of freedom.
    ahead <- predict(fit, transf = transf.ztor, pi.type = "riley")
    row <- list(z = as.vector(fit$beta), se = fit$se, statistic = fit$zval, p = fit$pval,
                estimate = transf.ztor(as.vector(fit$beta)), low = transf.ztor(fit$ci.lb), high = transf.ztor(fit$ci.ub),
                tau2 = fit$tau2, i2 = fit$I2, q = fit$QE, q_p = fit$QEp,
                prediction_low = ahead$pi.lb, prediction_high = ahead$pi.ub)
    if (method == "REML") {
      ends <- suppressWarnings(confint(fit, control = list(tol = 1e-14, maxiter = 10000, tau2.max = 1000)))$random["tau^2", ]
      row$tau2_low <- unname(ends["ci.lb"]); row$tau2_high <- unname(ends["ci.ub"])
    }
    out[[tolower(paste(method, test, sep = "_"))]] <- row
  }
  out
}

three_levels <- function(data) {
  data <- escalc(measure = "ZCOR", ri = r, ni = n, data = data)
  data$effect <- seq_len(nrow(data))
  fit <- rma.mv(yi, vi, random = ~ 1 | study / effect, data = data, method = "REML",
                control = list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-16, maxit = 20000))
  ahead <- predict(fit, transf = transf.ztor)
  list(z = as.vector(fit$beta), se = fit$se, statistic = fit$zval, p = fit$pval,
       estimate = transf.ztor(as.vector(fit$beta)), low = transf.ztor(fit$ci.lb), high = transf.ztor(fit$ci.ub),
       tau2_between = fit$sigma2[1], tau2_within = fit$sigma2[2], q = fit$QE, q_p = fit$QEp,
       prediction_low = ahead$pi.lb, prediction_high = ahead$pi.ub, log_likelihood = as.vector(logLik(fit)))
}

read <- function(name) read.csv(file.path("tests/reference", paste0("meta_", name, ".csv")))
found <- list(
  two_levels = lapply(c(simulated = "simulated", alike = "alike", molloy = "molloy"), function(name) two_levels(read(name))),
  three_levels = lapply(c(nested = "nested", nested_alike = "nested_alike"), function(name) three_levels(read(name)))
)
# Effects that are not correlations, for the three-level fit itself: 56 schools in 11 districts (Konstantopoulos 2011).
schools <- dat.konstantopoulos2011
fit <- rma.mv(yi, vi, random = ~ 1 | district / school, data = schools,
              control = list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-16, maxit = 20000))
found$schools <- list(y = schools$yi, v = schools$vi, district = schools$district, mean = as.vector(fit$beta), se = fit$se,
                      between = fit$sigma2[1], within = fit$sigma2[2])
found$session <- list(R = R.version.string, metafor = as.character(packageVersion("metafor")),
                      jsonlite = as.character(packageVersion("jsonlite")))
write_json(found, "tests/reference/meta.json", digits = 15, auto_unbox = TRUE, pretty = TRUE)
