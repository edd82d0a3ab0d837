# Reference fits with crossed factors by lme4: Penicillin, a part of InstEval, and 40 small data sets in which clients
# change therapist. The small sets are those of growth_three_levels.R with some rows moved to the next therapist; the
# test makes them again digit for digit. Run from the repository: Rscript tests/reference/growth_crossed.R
suppressPackageStartupMessages({library(lme4); library(jsonlite)})
made <- parse("tests/reference/growth_three_levels.R")
for (e in made) if (grepl("^(stream|small_set|told|finely|quiet|ignore|tight) <-", deparse(e)[1])) eval(e)

# Every third client's later half moves to the next therapist; rows also fall into four rooms in turn.
moved <- function(number) {
  d <- small_set(number)$data
  client <- as.integer(d$client); therapist <- as.integer(d$therapist); n <- ave(d$t, d$client, FUN = length)
  away <- client %% 3 == 0 & d$t >= n / 2
  d$therapist <- factor(ifelse(away, therapist %% max(therapist) + 1, therapist))
  d$room <- factor((seq_len(nrow(d)) * 7 + client * 3) %% 4)
  d
}
fit_moved <- function(number) {
  d <- moved(number)
  f <- if (number %% 2 == 1) y ~ t + w + (1 + t | client) + (1 | therapist) + (1 | room) else y ~ t + w + (1 | client) + (1 | therapist) + (1 | room)
  one <- function(reml) {
    plain <- quiet(lmer(f, d, REML = reml, control = do.call(lmerControl, ignore)))
    c(list(usual = told(plain, reml)$deviance), told(finely(f, d, reml), reml))
  }
  list(number = number, slopes = number %% 2 == 1, rows = nrow(d), reml = one(TRUE), ml = one(FALSE))
}
levels_told <- function(fit, group) {
  r <- ranef(fit, condVar = TRUE)[[group]]
  list(names = rownames(r), estimate = r[[1]], variance = as.numeric(attr(r, "postVar")))
}

data(Penicillin); data(InstEval)
write.csv(Penicillin[c("diameter", "plate", "sample")], "tests/reference/penicillin.csv", row.names = FALSE, quote = FALSE)
penicillin <- finely(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin, TRUE)
penicillin_ml <- finely(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin, FALSE)

# The ratings of every 30th lecturer, by students who rated at least one of them.
part <- InstEval[as.integer(InstEval$d) %% 30 == 0, c("y", "s", "d", "dept", "service")]
part <- data.frame(y = part$y, s = as.integer(as.character(part$s)), d = as.integer(as.character(part$d)),
                   dept = as.integer(as.character(part$dept)), service = as.integer(as.character(part$service)))
write.csv(part, "tests/reference/insteval_part.csv", row.names = FALSE, quote = FALSE)
two <- finely(y ~ service + (1 | s) + (1 | d), part, TRUE)
three <- finely(y ~ service + (1 | s) + (1 | d) + (1 | dept), part, TRUE)
slope <- finely(y ~ service + (1 + service | s) + (1 | d), part, TRUE)
out <- list(r = R.version.string, lme4 = as.character(packageVersion("lme4")),
            moved = lapply(1:40, fit_moved),
            penicillin = list(reml = told(penicillin, TRUE), ml = told(penicillin_ml, FALSE),
                              sample = levels_told(penicillin, "sample"), plate = levels_told(penicillin, "plate")),
            insteval = list(two = told(two, TRUE), three = told(three, TRUE), slope = told(slope, TRUE), d = levels_told(two, "d")))
write(toJSON(out, digits = 12, auto_unbox = TRUE, na = "null"), "tests/reference/growth_crossed.json")
