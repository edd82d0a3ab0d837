/* Growth sums in whole numbers: sessions -> a client's sums -> the cell of all clients with the same design.
 *
 * A client's design is (n, sum t, sum t^2) for whole-number times t; cells add up sums of the outcome y and of t*y and
 * their second moments over clients. All sums are exact (64 or 128 bits), so neither the order of clients nor the
 * number of threads changes a digit. Plain C without Python's headers: loaded by ctypes, the same for every Python. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef __int128 wide;

typedef struct {
    int64_t n, st, stt;       /* the design: sessions, sum of t, sum of t^2 */
    int64_t clients, sy, sty; /* clients in the cell; sums over them of sum y and sum t*y */
    wide yy, yty, tyty;       /* sums over clients of (sum y)^2, (sum y)(sum ty), (sum ty)^2 */
    wide squares;             /* sum over sessions of y^2 */
} Cell;

typedef struct {
    Cell *cells;
    int64_t room, used; /* room is a power of two; a cell with clients == 0 is free */
} Table;

typedef struct {
    int64_t client, n, st, stt, sy, sty, syy;
} Sums;

enum { FOLDED = 0, NO_MEMORY = -1, NOT_GROUPED = -2, TIME_OUTSIDE = -3, SCORE_OUTSIDE = -4, UNIT_TOO_COARSE = -5 };

static uint64_t mixed(int64_t n, int64_t st, int64_t stt) {
    uint64_t h = (uint64_t)n * 0x9E3779B97F4A7C15u ^ (uint64_t)st * 0xC2B2AE3D27D4EB4Fu ^ (uint64_t)stt * 0x165667B19E3779F9u;
    h ^= h >> 29;
    h *= 0xBF58476D1CE4E5B9u;
    return h ^ (h >> 32);
}

Table *cells_new(void) {
    Table *table = malloc(sizeof *table);
    if (!table) return NULL;
    table->room = 1024;
    table->used = 0;
    table->cells = calloc((size_t)table->room, sizeof(Cell));
    if (!table->cells) {
        free(table);
        return NULL;
    }
    return table;
}

void cells_free(Table *table) {
    if (!table) return;
    free(table->cells);
    free(table);
}

int64_t cells_used(const Table *table) { return table->used; }

static Cell *place(Table *table, int64_t n, int64_t st, int64_t stt) {
    uint64_t mask = (uint64_t)table->room - 1, i = mixed(n, st, stt) & mask;
    while (table->cells[i].clients && !(table->cells[i].n == n && table->cells[i].st == st && table->cells[i].stt == stt))
        i = (i + 1) & mask;
    return &table->cells[i];
}

static int grow(Table *table) {
    Table wider = {calloc((size_t)table->room * 2, sizeof(Cell)), table->room * 2, table->used};
    if (!wider.cells) return NO_MEMORY;
    for (int64_t i = 0; i < table->room; i++)
        if (table->cells[i].clients) *place(&wider, table->cells[i].n, table->cells[i].st, table->cells[i].stt) = table->cells[i];
    free(table->cells);
    *table = wider;
    return FOLDED;
}

static int add_cell(Table *table, const Cell *more) {
    if (2 * table->used >= table->room && grow(table) != FOLDED) return NO_MEMORY;
    Cell *cell = place(table, more->n, more->st, more->stt);
    if (!cell->clients) {
        *cell = *more;
        table->used++;
        return FOLDED;
    }
    cell->clients += more->clients;
    cell->sy += more->sy;
    cell->sty += more->sty;
    cell->yy += more->yy;
    cell->yty += more->yty;
    cell->tyty += more->tyty;
    cell->squares += more->squares;
    return FOLDED;
}

/* One client's sums into their cell. A client without a score is nobody here. */
int cells_add_client(Table *table, const Sums *s) {
    if (!s->n) return FOLDED;
    Cell one = {s->n, s->st, s->stt, 1, s->sy, s->sty, (wide)s->sy * s->sy, (wide)s->sy * s->sty, (wide)s->sty * s->sty, s->syy};
    return add_cell(table, &one);
}

int cells_merge(Table *into, const Table *from) {
    for (int64_t i = 0; i < from->room; i++)
        if (from->cells[i].clients && add_cell(into, &from->cells[i]) != FOLDED) return NO_MEMORY;
    return FOLDED;
}

/* Rows whose clients stand together. The first and the last client may go on in the neighbouring batches: their sums
 * are handed back in `ends` (one client only: all in ends[0], and ends[1].n is -1) and everybody between is folded.
 *
 * time_of[session] is t; `valid` is Arrow's bitmap of scores, or NULL; y = round(score * units) - centre. */
int cells_fold(Table *table, int64_t rows, const int64_t *client, const int32_t *session, const double *score,
               const uint8_t *valid, int64_t valid_offset, const int64_t *time_of, int64_t times, double units,
               int64_t centre, Sums *ends) {
    Sums now = {rows ? client[0] : 0, 0, 0, 0, 0, 0, 0};
    int first = 1;
    for (int64_t i = 0; i < rows; i++) {
        if (client[i] != now.client) {
            if (client[i] < now.client) return NOT_GROUPED;
            if (first) {
                ends[0] = now;
                first = 0;
            } else if (cells_add_client(table, &now) != FOLDED)
                return NO_MEMORY;
            now = (Sums){client[i], 0, 0, 0, 0, 0, 0};
        }
        int64_t bit = valid_offset + i;
        if ((valid && !(valid[bit >> 3] >> (bit & 7) & 1)) || isnan(score[i])) continue;
        if (session[i] < 0 || session[i] >= times || time_of[session[i]] == INT64_MIN) return TIME_OUTSIDE;
        double scaled = score[i] * units;
        if (!(fabs(scaled) < 1e9)) return SCORE_OUTSIDE;
        double nearest = rint(scaled);
        if (fabs(scaled - nearest) > 1e-4) return UNIT_TOO_COARSE;
        int64_t t = time_of[session[i]], y = (int64_t)nearest - centre;
        now.n++;
        now.st += t;
        now.stt += t * t;
        now.sy += y;
        now.sty += t * y;
        now.syy += y * y;
    }
    if (first) {
        ends[0] = now;
        ends[1] = (Sums){0, -1, 0, 0, 0, 0, 0};
    } else
        ends[1] = now;
    return FOLDED;
}

/* Cells in no particular order: whole (used, 6) = n, st, stt, clients, sy, sty; moments (used, 4) = yy, yty, tyty, squares. */
void cells_read(const Table *table, int64_t *whole, double *moments) {
    for (int64_t i = 0; i < table->room; i++) {
        const Cell *c = &table->cells[i];
        if (!c->clients) continue;
        int64_t w[6] = {c->n, c->st, c->stt, c->clients, c->sy, c->sty};
        double m[4] = {(double)c->yy, (double)c->yty, (double)c->tyty, (double)c->squares};
        memcpy(whole, w, sizeof w);
        memcpy(moments, m, sizeof m);
        whole += 6;
        moments += 4;
    }
}
