# Reference values for dropout_risk, logistic regression and calibration: glm.
# Run from the root of the repository: Rscript tests/reference/dropout.R
# Writes dropout.csv (simulated, seeded) and dropout.json beside itself.
library(jsonlite)
here <- "tests/reference"
set.seed(31)
rows <- list()
for (person in 1:160) {
  distress <- round(rnorm(1), 2)
  for (session in 1:12) {
    alliance <- round(rnorm(1, 34, 4), 1)
    hazard <- plogis(-1.2 - 0.5 * log(session) + 0.4 * distress - 0.09 * (alliance - 34))
    gone <- rbinom(1, 1, hazard)
    rows[[length(rows) + 1]] <- c(person, session, gone, distress, alliance)
    if (gone == 1 || runif(1) < 0.04) break
  }
}
data <- as.data.frame(do.call(rbind, rows))
names(data) <- c("person", "session", "dropped_out", "distress", "alliance")
write.csv(data, file.path(here, "dropout.csv"), row.names = FALSE, quote = FALSE)

exact <- glm.control(epsilon = 1e-14, maxit = 50)
describe <- function(fit) list(b = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), deviance = deviance(fit))
log_line <- glm(dropped_out ~ log(session) + distress + alliance, binomial, data, control = exact)
data$step <- cut(data$session, c(1, 2, 3, 6, Inf), right = FALSE)
steps <- glm(dropped_out ~ 0 + step + distress + alliance, binomial, data, control = exact)

# Somebody with distress 1 and alliance 30 who was there at session 2: not back by session 6.
h <- predict(log_line, data.frame(session = 2:5, distress = 1, alliance = 30), type = "response")

# Calibration of an imperfect prediction, on the same rows.
p <- plogis(-1 - 0.8 * log(data$session) + 0.7 * data$distress)
slope <- glm(data$dropped_out ~ qlogis(p), family = binomial, control = exact)
intercept <- glm(data$dropped_out ~ 1 + offset(qlogis(p)), family = binomial, control = exact)
calibration <- list(slope = describe(slope)$b[2], slope_se = describe(slope)$se[2], intercept = describe(intercept)$b,
                    intercept_se = describe(intercept)$se, brier = mean((p - data$dropped_out)^2),
                    brier_reference = mean((0.15 - data$dropped_out)^2))
write(toJSON(list(log = describe(log_line), steps = describe(steps), risk_next = unname(h[1]),
                  risk_by_6 = 1 - prod(1 - h), calibration = calibration, made_with = list(R = R.version.string)),
             digits = 14, auto_unbox = TRUE, pretty = TRUE), file.path(here, "dropout.json"))
