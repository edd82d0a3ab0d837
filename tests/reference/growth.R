# Reference values for the two-level growth curve: lme4 on sleepstudy, on a set with covariates at both levels, and on 300
# small, unbalanced, often singular sets; nlme beside it. From the root of the repository:
#   python -m openrapport.analysis.growth.tests.growth_sets /tmp/growth_sets
#   Rscript tests/reference/growth.R /tmp/growth_sets
# Writes growth.json beside itself.
suppressPackageStartupMessages({library(lme4); library(nlme); library(jsonlite)})
folder <- commandArgs(TRUE)[1]
here <- "tests/reference"

ignore <- list(check.nobs.vs.nlev = "ignore", check.nobs.vs.nRE = "ignore")
usual <- do.call(lmerControl, ignore)
tight <- do.call(lmerControl, c(ignore, list(optCtrl = list(xtol_abs = 1e-13, ftol_abs = 1e-13, maxeval = 100000))))
polished <- do.call(lmerControl, c(ignore, list(optimizer = "bobyqa", optCtrl = list(rhobeg = 1e-3, rhoend = 1e-11, maxfun = 1e5))))
quiet <- function(x) suppressMessages(suppressWarnings(x))
# Goes on twice from where the default optimiser stopped: the same minimum, to more digits.
best <- function(formula, data, restricted = TRUE) {
  fit <- quiet(lmer(formula, data, REML = restricted, control = tight))
  for (again in 1:2) fit <- quiet(lmer(formula, data, REML = restricted, control = polished, start = getME(fit, "theta")))
  fit
}
deviance_of <- function(fit) if (isREML(fit)) as.numeric(REMLcrit(fit)) else as.numeric(-2 * logLik(fit))
told <- function(fit) {
  spread <- VarCorr(fit)[[1]]
  list(deviance = deviance_of(fit), fixed = as.list(fixef(fit)), se = unname(sqrt(diag(as.matrix(vcov(fit))))),
       covariance = unname(as.matrix(vcov(fit))), sd = unname(attr(spread, "stddev")),
       corr = unname(attr(spread, "correlation")), residual = sigma(fit), singular = isSingular(fit))
}

data(sleepstudy, package = "lme4")
clients_of <- function(fit) {
  effects <- ranef(fit, condVar = TRUE)[[1]]
  list(names = rownames(effects), estimates = unname(as.matrix(effects)), variances = attr(effects, "postVar"))
}
reml <- best(Reaction ~ Days + (1 + Days | Subject), sleepstudy)
ml <- best(Reaction ~ Days + (1 + Days | Subject), sleepstudy, FALSE)
ml_intercept <- best(Reaction ~ Days + (1 | Subject), sleepstudy, FALSE)
ml_no_days <- best(Reaction ~ 1 + (1 + Days | Subject), sleepstudy, FALSE)
to_profile <- lmer(Reaction ~ Days + (1 + Days | Subject), sleepstudy, REML = FALSE, control = tight)
intercept_to_profile <- lmer(Reaction ~ Days + (1 | Subject), sleepstudy, REML = FALSE, control = tight)
profile_ends <- function(fit) { ends <- confint(fit, method = "profile", quiet = TRUE); list(names = rownames(ends), ends = unname(ends)) }
by_nlme <- lme(Reaction ~ Days, sleepstudy, ~ Days | Subject, control = lmeControl(tolerance = 1e-12, msTol = 1e-12))
nlme_told <- function(fit) list(deviance = as.numeric(-2 * logLik(fit)), fixed = as.list(fixef(fit)),
                                se = unname(sqrt(diag(vcov(fit)))), residual = fit$sigma,
                                sd = unname(as.numeric(VarCorr(fit)[seq_len(ncol(ranef(fit))), "StdDev"])))
sleep <- list(reml = told(reml), ml = told(ml), ml_intercept = told(ml_intercept), ml_no_days = told(ml_no_days),
              clients = clients_of(reml), profile = profile_ends(to_profile), profile_intercept = profile_ends(intercept_to_profile),
              nlme = nlme_told(by_nlme))

both <- read.csv(file.path(folder, "covariates.csv"))
formula <- score ~ time * age + form + mood + (1 + time | client)
covariates <- list(reml = told(best(formula, both)), ml = told(best(formula, both, FALSE)),
                   no_mood = told(best(score ~ time * age + form + (1 + time | client), both)),
                   dummies = told(best(score ~ 0 + form + form:time + (1 | client), both)),
                   powers = told(best(score ~ log(1 + time) + I(time^2) + (1 + time | client), both)),
                   nlme = nlme_told(lme(score ~ time * age + form + mood, both, ~ time | client,
                                        control = lmeControl(tolerance = 1e-12, msTol = 1e-12))))

forms <- read.csv(file.path(folder, "forms.csv"), check.names = FALSE)
fit_set <- function(number) {
  data <- read.csv(file.path(folder, sprintf("set_%d.csv", number)))
  formula <- as.formula(sprintf("score ~ %s + (%s | client)", forms$fixed[number + 1], forms$random[number + 1]))
  one <- function(restricted) {
    plain <- quiet(lmer(formula, data, REML = restricted, control = usual))
    close <- best(formula, data, restricted)
    found <- told(close)
    list(usual = deviance_of(plain), deviance = found$deviance, fixed = unname(fixef(close)), se = found$se,
         sd = found$sd, residual = found$residual, singular = found$singular)
  }
  list(number = number, rows = nrow(data), sum = sum(data$score), reml = one(TRUE), ml = one(FALSE))
}
sets <- lapply(seq_len(nrow(forms)) - 1, fit_set)

versions <- list(r = R.version.string, lme4 = as.character(packageVersion("lme4")), nlme = as.character(packageVersion("nlme")))
write(toJSON(list(session = versions, sleepstudy = sleep, covariates = covariates, sets = sets), digits = 13, auto_unbox = TRUE,
             na = "null"), file.path(here, "growth.json"))
