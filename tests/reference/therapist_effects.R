# Reference values for therapist_effects: lme4, and the profile of lme4's own criterion over the ICC.
# Run from the root of the repository: Rscript tests/reference/therapist_effects.R
# Writes therapist_effects.csv (simulated, seeded) and therapist_effects.json beside itself.
library(lme4)
library(jsonlite)
here <- "tests/reference"
set.seed(4071)
therapists <- 18
size <- sample(2:25, therapists, replace = TRUE)
therapist <- rep(sprintf("T%02d", seq_len(therapists)), size)
intake <- round(rnorm(length(therapist), 24, 6), 1)
effect <- rnorm(therapists, 0, 4)
outcome <- round(6 + 0.45 * intake + rep(effect, size) + rnorm(length(therapist), 0, 6), 1)
data <- data.frame(therapist, intake, outcome)
write.csv(data, file.path(here, "therapist_effects.csv"), row.names = FALSE, quote = FALSE)
data$intake <- data$intake - mean(data$intake)

found <- list()
for (method in c("reml", "ml")) {
  fit <- lmer(outcome ~ intake + (1 | therapist), data, REML = method == "reml",
              control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, rhobeg = 1e-2)))
  criterion <- lmer(outcome ~ intake + (1 | therapist), data, REML = method == "reml", devFunOnly = TRUE)
  best <- criterion(getME(fit, "theta"))
  # theta in lme4 is the ratio of standard deviations.
  at <- function(icc) criterion(sqrt(icc / (1 - icc))) - best - qchisq(.95, 1)
  icc <- unname(getME(fit, "theta")^2 / (1 + getME(fit, "theta")^2))
  low <- if (at(0) <= 0) 0 else uniroot(at, c(0, icc), tol = 1e-12)$root
  high <- uniroot(at, c(icc, 0.99), tol = 1e-12)$root
  modes <- ranef(fit, condVar = TRUE)$therapist
  theta2 <- getME(fit, "theta")^2
  X <- getME(fit, "X"); n <- as.numeric(table(data$therapist))
  lever <- unname(theta2 / (1 + n * theta2)) * rowsum(X, data$therapist)
  V <- as.matrix(vcov(fit))
  found[[method]] <- list(
    fixed = unname(fixef(fit)), se = unname(sqrt(diag(V))), icc = icc, icc_low = low, icc_high = high,
    between_sd = unname(attr(VarCorr(fit)$therapist, "stddev")), within_sd = sigma(fit), deviance = best,
    likelihood_ratio = criterion(0) - best, therapists = rownames(modes), estimate = modes[, 1],
    # Variance of prediction: conditional variance plus what the uncertain fixed effects add.
    se_estimate = unname(sqrt(attr(modes, "postVar")[1, 1, ] + rowSums((lever %*% V) * lever))))
}
found$made_with <- list(R = R.version.string, lme4 = as.character(packageVersion("lme4")))
write(toJSON(found, digits = 14, auto_unbox = TRUE, pretty = TRUE), file.path(here, "therapist_effects.json"))
