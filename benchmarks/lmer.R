# lme4 on the benchmarks' sessions: Rscript benchmarks/lmer.R FILE.csv two|three|crossed. Reading the file is not timed.
suppressMessages(library(lme4))
given <- commandArgs(TRUE)
d <- read.csv(given[1])
d <- d[!is.na(d$score), ]
if (given[2] != "crossed") d$t <- log(d$session)
formula <- switch(given[2],
  two = score ~ t + (1 + t | client),
  three = score ~ t + (1 + t | client) + (1 | therapist),
  crossed = score ~ service + (1 | client) + (1 | therapist))
invisible(gc(reset = TRUE))
began <- proc.time()
fit <- lmer(formula, d, REML = TRUE)
took <- proc.time() - began
memory <- sum(gc()[, 6])
cat(sprintf('{"seconds": %.6f, "cpu": %.6f, "memory": %.1f, "check": %.8f}\n',
            took[["elapsed"]], took[["user.self"]] + took[["sys.self"]], memory, REMLcrit(fit)))
