# Reference fits of three-level growth models: lme4 on 300 small, unbalanced, often singular data sets, and on
# Pastes. The data sets are made here and, digit for digit, by the test that reads the
# result (src/openrapport/analysis/growth/tests/small_sets.py). Run from the repository: Rscript tests/reference/growth_three_levels.R
suppressPackageStartupMessages({library(lme4); library(jsonlite)})

# Lehmer's generator x <- 16807 x mod (2^31 - 1), exact in doubles (Park & Miller 1988).
stream <- function(seed) {
  x <- seed
  function(n) { out <- numeric(n); for (i in seq_len(n)) { x <<- (16807 * x) %% 2147483647; out[i] <- x / 2147483647 }; out }
}
small_set <- function(number) {
  draw <- stream(number * 7919 + 13); draw(3)
  therapists <- 3 + floor(draw(1) * 6)
  slopes <- draw(1) < 0.6
  sd_t <- c(0, 0, 0.5, 1.5)[1 + floor(draw(1) * 4)]
  sd_0 <- c(0, 0.7, 2)[1 + floor(draw(1) * 3)]
  sd_1 <- c(0, 0.3, 1)[1 + floor(draw(1) * 3)]
  rho <- c(-1, 0, 0.5)[1 + floor(draw(1) * 3)]
  y <- t <- w <- numeric(0); client <- therapist <- integer(0); m <- 0
  for (j in seq_len(therapists)) {
    u <- sd_t * qnorm(draw(1)); clients <- 1 + floor(draw(1) * 6)
    for (k in seq_len(clients)) {
      n <- 1 + floor(draw(1) * 6); if (slopes && k == 1) n <- n + 2
      z <- qnorm(draw(2)); b0 <- sd_0 * z[1]; b1 <- sd_1 * (rho * z[1] + sqrt(1 - rho^2) * z[2])
      base <- round(qnorm(draw(1)), 3); e <- qnorm(draw(n)); time <- seq_len(n) - 1
      y <- c(y, round(20 + 0.5 * time - base + u + b0 + (if (slopes) b1 else 0) * time + e, 3))
      t <- c(t, time); w <- c(w, rep(base, n)); m <- m + 1
      client <- c(client, rep(m, n)); therapist <- c(therapist, rep(j, n))
    }
  }
  list(slopes = slopes, data = data.frame(y, t, w, client = factor(client), therapist = factor(therapist)))
}

ignore <- list(check.nobs.vs.nlev = "ignore", check.nobs.vs.nRE = "ignore", check.nlev.gtr.1 = "ignore")
usual <- do.call(lmerControl, ignore)
tight <- do.call(lmerControl, c(ignore, list(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12, maxeval = 100000))))
# lme4's search goes on where it stopped, with smaller steps, and the lower end is kept.
finely <- function(f, d, reml) {
  first <- quiet(lmer(f, d, REML = reml, control = tight))
  fine <- do.call(lmerControl, c(ignore, list(optimizer = "bobyqa", optCtrl = list(rhobeg = 1e-3, rhoend = 1e-11, maxfun = 1e5))))
  again <- quiet(lmer(f, d, REML = reml, control = fine, start = getME(first, "theta")))
  if (deviance(again, REML = reml) <= deviance(first, REML = reml)) again else first
}
told <- function(fit, reml) {
  v <- VarCorr(fit)
  list(deviance = if (reml) as.numeric(REMLcrit(fit)) else as.numeric(-2 * logLik(fit)), fixed = unname(fixef(fit)),
       se = unname(sqrt(diag(as.matrix(vcov(fit))))), sd = lapply(v, function(g) unname(attr(g, "stddev"))),
       corr = lapply(v, function(g) { r <- attr(g, "correlation"); if (nrow(r) > 1) r[2, 1] else NA }),
       residual = sigma(fit), singular = isSingular(fit), warned = length(fit@optinfo$conv$lme4$messages) > 0)
}
quiet <- function(x) suppressMessages(suppressWarnings(x))
fit_set <- function(number) {
  made <- small_set(number); d <- made$data
  f <- if (made$slopes) y ~ t + w + (1 + t | client) + (1 | therapist) else y ~ t + w + (1 | client) + (1 | therapist)
  one <- function(reml) {
    plain <- quiet(lmer(f, d, REML = reml, control = usual)); close <- finely(f, d, reml)
    c(list(usual = told(plain, reml)$deviance, usual_singular = isSingular(plain)), told(close, reml))
  }
  list(number = number, rows = nrow(d), sum = sum(d$y), reml = one(TRUE), ml = one(FALSE))
}
sets <- lapply(1:300, fit_set)

data(Pastes)
write.csv(data.frame(strength = Pastes$strength, batch = Pastes$batch, sample = Pastes$sample),
          "tests/reference/pastes.csv", row.names = FALSE, quote = FALSE)
pastes <- finely(strength ~ 1 + (1 | sample) + (1 | batch), Pastes, TRUE)
pastes_ml <- finely(strength ~ 1 + (1 | sample) + (1 | batch), Pastes, FALSE)
effects <- ranef(pastes, condVar = TRUE)$batch
out <- list(r = R.version.string, lme4 = as.character(packageVersion("lme4")), sets = sets,
            pastes = list(reml = told(pastes, TRUE), ml = told(pastes_ml, FALSE),
                          batch = list(names = rownames(effects), estimate = effects[[1]],
                                       variance = as.numeric(attr(effects, "postVar")))))
write(toJSON(out, digits = 12, auto_unbox = TRUE, na = "null"), "tests/reference/growth_three_levels.json")
