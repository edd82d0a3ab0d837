/* How surprising each session is, given the client's earlier ones: one pass, one client after the other.
 *
 * Empirical-Bayes one-step-ahead innovations of a random intercept and slope: D = Sigma_b / sigma^2,
 * T = (I + S D)^-1 from the sums of the sessions before, z = (r - x'D T u) / (sigma sqrt(1 + x'D T x)). */

#include <math.h>
#include <stdint.h>

typedef struct {
    double intercept, slope, sigma, d11, d12, d22; /* fixed effects, residual SD, D */
    double weight, width, limit;                   /* EWMA lambda and L; limit of a single z */
    double sign;                                   /* 1 where higher is better, -1 where lower is */
} Model;

typedef struct {
    int64_t client, n;
    double st, stt, sr, str, average, left; /* sums of t, t^2, r, t*r; the EWMA and (1 - lambda)^(2n) */
    int64_t last_session, is_flagged;       /* of this client so far */
    int64_t rows, clients, flagged_rows, flagged_clients; /* of everybody so far */
    double squares;                                       /* of z, of everybody so far */
} State;

/* Rows stand in order of client and session. `state` goes in as the batch before left it (n = -1: none) and comes out for
 * the next one. A score that is missing gives z = average = NaN and no flag. Returns the number of flagged rows, or -2
 * when the rows are in another order, -3 when a session has no time. */
int64_t scan_innovations(int64_t rows, const int64_t *client, const int32_t *session, const double *score,
                         const uint8_t *valid, int64_t valid_offset, const double *time_of, int64_t times,
                         const Model *m, State *state, double *z, double *average, uint8_t *flag) {
    State s = *state;
    int64_t flagged = 0;
    const double steady = m->width * sqrt(m->weight / (2 - m->weight)), keep = 1 - m->weight;
    for (int64_t i = 0; i < rows; i++) {
        if (s.n < 0 || client[i] != s.client) {
            if (s.n >= 0 && client[i] < s.client) return -2;
            s.client = client[i];
            s.n = s.is_flagged = 0;
            s.last_session = session[i];
            s.st = s.stt = s.sr = s.str = s.average = 0;
            s.left = 1;
        }
        if (session[i] < s.last_session) return -2;
        s.last_session = session[i];
        int64_t bit = valid_offset + i;
        flag[i] = 0;
        if ((valid && !(valid[bit >> 3] >> (bit & 7) & 1)) || isnan(score[i])) {
            z[i] = average[i] = NAN;
            continue;
        }
        if (session[i] < 0 || session[i] >= times || isnan(time_of[session[i]])) return -3;
        const double t = time_of[session[i]], r = score[i] - m->intercept - m->slope * t, n = (double)s.n;
        const double q11 = 1 + m->d11 * n + m->d12 * s.st, q12 = m->d12 * n + m->d22 * s.st;
        const double q21 = m->d11 * s.st + m->d12 * s.stt, q22 = 1 + m->d12 * s.st + m->d22 * s.stt;
        const double inverse = 1 / (q11 * q22 - q12 * q21);
        const double h1 = (q22 * s.sr - q12 * s.str) * inverse, h2 = (q11 * s.str - q21 * s.sr) * inverse;
        const double p = m->d11 + m->d12 * t, q = m->d12 + m->d22 * t;
        const double spread = 1 + (p * (q22 - q12 * t) + q * (q11 * t - q21)) * inverse;
        const double one = (r - p * h1 - q * h2) / (m->sigma * sqrt(spread));
        s.average = m->weight * one + keep * s.average;
        s.left *= keep * keep;
        z[i] = one;
        average[i] = s.average;
        flag[i] = m->sign * one < -m->limit || m->sign * s.average < -steady * sqrt(1 - s.left);
        flagged += flag[i];
        s.flagged_rows += flag[i];
        s.flagged_clients += flag[i] && !s.is_flagged;
        s.is_flagged |= flag[i];
        s.squares += one * one;
        s.rows++;
        s.clients += s.n == 0;
        s.n++;
        s.st += t;
        s.stt += t * t;
        s.sr += r;
        s.str += t * r;
    }
    *state = s;
    return flagged;
}
