# Reference values for within_between, response_surface, congruence and concordance.
# Run from the root of the repository: Rscript tests/reference/relations.R
# Writes relations.csv (simulated, seeded) and relations.json beside itself.
library(lme4)
library(jsonlite)
here <- "tests/reference"
set.seed(20261122)

people <- 24
sessions <- sample(4:9, people, replace = TRUE)
person <- rep(seq_len(people), sessions)
session <- unlist(lapply(sessions, seq_len))
usual <- rnorm(people, 30, 4)
client <- round(usual[person] + rnorm(length(person), 0, 2.5), 1)
mean_client <- ave(client, person)
bias <- rnorm(people, -1.5, 2)
tracking <- rnorm(people, 0.5, 0.25)
therapist <- round(mean_client + bias[person] + tracking[person] * (client - mean_client) + rnorm(length(person), 0, 1.5), 1)
outcome <- round(20 - 0.6 * (client - mean_client) - 0.2 * (mean_client - 30) + rnorm(people, 0, 2)[person] +
                 rnorm(length(person), 0, 1.5) - 0.05 * (client - therapist)^2, 1)
data <- data.frame(person, session, client, therapist, outcome)
write.csv(data, file.path(here, "relations.csv"), row.names = FALSE, quote = FALSE)

# Sandwich by cluster, G/(G-1) (N-1)/(N-p); score is the N x p matrix of each row's part.
clustered <- function(score, cluster, bread) {
  sums <- rowsum(score, cluster)
  G <- nrow(sums); N <- nrow(score); p <- ncol(score)
  bread %*% crossprod(sums) %*% bread * G / (G - 1) * (N - 1) / (N - p)
}
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, rhobeg = 1e-2))

# Within and between --------------------------------------------------------------------------------------------------
data$between <- ave(data$client, data$person)
data$within <- data$client - data$between
describe <- function(fit) {
  V <- as.matrix(vcov(fit)); b <- fixef(fit)
  contrast <- c(0, -1, 1)
  X <- getME(fit, "X"); s2 <- sigma(fit)^2; t2 <- as.numeric(VarCorr(fit)$person)
  Z <- as.matrix(getME(fit, "Z")); W <- s2 * diag(nrow(X)) + t2 * Z %*% t(Z)
  bread <- solve(t(X) %*% solve(W) %*% X)
  rest <- as.numeric(data$outcome - X %*% b)
  # Each row's part of X' W^-1 r: W is block diagonal, so the parts add up person by person.
  robust <- clustered(X * as.numeric(solve(W, rest)), data$person, bread)
  list(b = unname(b), se = unname(sqrt(diag(V))),
       contextual = sum(contrast * b), contextual_se = sqrt(drop(t(contrast) %*% V %*% contrast)),
       clustered_se = unname(sqrt(diag(robust))),
       contextual_clustered_se = sqrt(drop(t(contrast) %*% robust %*% contrast)),
       between_sd = sqrt(t2), within_sd = sigma(fit))
}
wb <- list()
for (method in c("reml", "ml"))
  wb[[method]] <- describe(lmer(outcome ~ within + between + (1 | person), data, REML = method == "reml", control = tight))

# Response surface ----------------------------------------------------------------------------------------------------
u <- data$client - 30; v <- data$therapist - 30
fit <- lm(data$outcome ~ u + v + I(u^2) + I(u * v) + I(v^2))
L <- rbind(a1 = c(0, 1, 1, 0, 0, 0), a2 = c(0, 0, 0, 1, 1, 1), a3 = c(0, 1, -1, 0, 0, 0), a4 = c(0, 0, 0, 1, -1, 1))
X <- model.matrix(fit)
robust <- clustered(X * resid(fit), data$person, solve(crossprod(X)))
b <- unname(coef(fit))
d <- 4 * b[4] * b[6] - b[5]^2
x0 <- (b[3] * b[5] - 2 * b[2] * b[6]) / d; y0 <- (b[2] * b[5] - 2 * b[3] * b[4]) / d
root <- sqrt((b[4] - b[6])^2 + b[5]^2)
p11 <- (b[6] - b[4] + root) / b[5]; p21 <- (b[6] - b[4] - root) / b[5]
values <- function(V) unname(sqrt(diag(L %*% V %*% t(L))))
surface <- list(b = b, se = unname(sqrt(diag(vcov(fit)))), clustered_se = unname(sqrt(diag(robust))),
                a = unname(drop(L %*% b)), a_se = values(vcov(fit)), a_clustered_se = values(robust),
                a_low = unname(drop(L %*% b)) - qt(.975, fit$df.residual) * values(vcov(fit)),
                a1_p = 2 * pt(-abs(drop(L %*% b))[1] / values(vcov(fit))[1], fit$df.residual),
                r_squared = summary(fit)$r.squared, residual_sd = sigma(fit),
                stationary = c(x0 + 30, y0 + 30), first = c(y0 + 30 - p11 * (x0 + 30), p11),
                second = c(y0 + 30 - p21 * (x0 + 30), p21))

# Truth and bias: one dyad by lm, all dyads by lmer ---------------------------------------------------------------------
one <- data[data$person == which.max(sessions), ]
dyad <- lm(I(therapist - mean(client)) ~ I(client - mean(client)), one)
data$judged <- data$therapist - data$between
all <- lmer(judged ~ within + (1 + within | person), data, control = tight)
spread <- VarCorr(all)$person
truth_bias <- list(person = which.max(sessions), one = unname(coef(dyad)),
                   one_se = unname(summary(dyad)$coefficients[, 2]), one_residual_sd = sigma(dyad),
                   all = unname(fixef(all)), all_se = unname(sqrt(diag(as.matrix(vcov(all))))),
                   sd = unname(attr(spread, "stddev")), corr = attr(spread, "correlation")[1, 2],
                   residual_sd = sigma(all), deviance = REMLcrit(all))

# Concordance (Lin 1989, variance as corrected 2000) over people's means -------------------------------------------------
x <- tapply(data$client, data$person, mean); y <- tapply(data$therapist, data$person, mean)
n <- length(x); sx <- var(x) * (n - 1) / n; sy <- var(y) * (n - 1) / n; sxy <- cov(x, y) * (n - 1) / n
r <- sxy / sqrt(sx * sy); ccc <- 2 * sxy / (sx + sy + (mean(x) - mean(y))^2)
shift <- (mean(x) - mean(y)) / (sx * sy)^0.25
se <- sqrt(((1 - r^2) * ccc^2 * (1 - ccc^2) / r^2 + 2 * ccc^3 * (1 - ccc) * shift^2 / r - 0.5 * ccc^4 * shift^4 / r^2) / (n - 2))
half <- qnorm(.975) * se / (1 - ccc^2)
concordance <- list(estimate = ccc, low = tanh(atanh(ccc) - half), high = tanh(atanh(ccc) + half), correlation = r)

write(toJSON(list(within_between = wb, response_surface = surface, truth_bias = truth_bias, concordance = concordance,
                  made_with = list(R = R.version.string, lme4 = as.character(packageVersion("lme4")))),
             digits = 14, auto_unbox = TRUE, pretty = TRUE), file.path(here, "relations.json"))
