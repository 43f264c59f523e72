# Writes delong.json beside this script: Rscript delong_make.R delong.json
# pROC's areas, DeLong variances, intervals and paired tests on its data set aSAH and on drawn scores.
suppressMessages(library(pROC))

cases <- list()
data(aSAH)
cases$aSAH <- list(positive = aSAH$outcome == "Poor", scores = list(s100b = aSAH$s100b, ndka = aSAH$ndka, wfns = as.numeric(aSAH$wfns)))
set.seed(7)
positive <- runif(60) < 0.4
cases$drawn <- list(positive = positive, scores = list(a = rnorm(60) + positive, b = rnorm(60) + 0.5 * positive))
positive <- rep(c(TRUE, FALSE), c(9, 26))
cases$tied <- list(positive = positive, scores = list(a = sample(0:3, 35, TRUE) / 4 + 0, b = (sample(0:2, 35, TRUE) + positive) / 4))

number <- function(x) formatC(x, digits = 17, format = "g")
list_of <- function(x) paste0("[", paste(x, collapse = ","), "]")
parts <- c()
for (name in names(cases)) {
  case <- cases[[name]]
  rocs <- lapply(case$scores, function(s) roc(case$positive, s, levels = c(FALSE, TRUE), direction = "<", quiet = TRUE))
  areas <- sapply(rocs, function(r) {
    ci <- suppressWarnings(ci.auc(r, method = "delong"))
    list_of(number(c(as.numeric(r$auc), var(r, method = "delong"), ci[1], ci[3])))
  })
  tests <- c()
  for (i in seq_along(rocs)) for (j in seq_along(rocs)) if (i < j) {
    t <- roc.test(rocs[[i]], rocs[[j]], method = "delong", paired = TRUE)
    tests <- c(tests, list_of(c(i - 1, j - 1, number(c(t$statistic, t$p.value, t$conf.int[1], t$conf.int[2])))))
  }
  scores <- sapply(case$scores, function(s) list_of(number(s)))
  parts <- c(parts, sprintf(' "%s": {\n  "positive": %s,\n  "scores": %s,\n  "areas": %s,\n  "tests": %s\n }',
    name, list_of(as.integer(case$positive)), list_of(scores), list_of(areas), list_of(tests)))
}
version <- sprintf("pROC %s, %s", packageVersion("pROC"), R.version.string)
cat(sprintf('{\n "made_by": "%s",\n%s\n}\n', version, paste(parts, collapse = ",\n")), file = commandArgs(TRUE)[1])
