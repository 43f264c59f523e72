// Tokens (N, L, C): depthwise convolutions along them, rows in other orders, a class token, halves interleaved.

// Offsets of up to 16 taps in a grid, four bits each from -8 to 7.
struct Taps { u64 down, right; };
__device__ __forceinline__ int nibble(u64 all, int k) { return (int)((all >> (4 * k)) & 15) - 8; }

struct Grid { int tokens, height, width; };

// The position of a tap's token in its sample, or -1 outside; `sign` -1: the token that sees this one by the tap.
__device__ __forceinline__ int reached(Grid g, int token, Taps taps, int k, int sign) {
    int row = token / g.width + sign * nibble(taps.down, k), column = token % g.width + sign * nibble(taps.right, k);
    return row < 0 || row >= g.height || column < 0 || column >= g.width ? -1 : row * g.width + column;
}

template <typename T, int V, int K> __device__ __forceinline__ void read_weights(const T *w, float (*weights)[V], int column) {
#pragma unroll
    for (int t = 0; t < K; t++)
#pragma unroll
        for (int k = 0; k < V; k++) weights[t][k] = as_float(w[(i64)(column + k) * K + t]);
}

// MODE 0: y = f(b + sum); 1: the gradient of the sum, dy f'(b + sum); 2: the gradient of x from that of the sum (as `x`).
template <typename T, int V, int K, int MODE> __device__ __forceinline__ void taps_over(const T *x, const T *w, const float *bias, const T *dy, T *y,
        i64 m, int c, Grid g, Taps taps, int kind) {
    int column = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (column >= c) return;
    float weights[K][V], b[V];
    read_weights<T, V, K>(w, weights, column);
#pragma unroll
    for (int k = 0; k < V; k++) b[k] = bias && MODE != 2 ? bias[column + k] : 0.0f;
    i64 step = (i64)gridDim.y * blockDim.y;
    for (i64 row = (i64)blockIdx.y * blockDim.y + threadIdx.y; row < m; row += step) {
        i64 sample = row / g.tokens;
        int token = (int)(row - sample * g.tokens);
        float sums[V];
#pragma unroll
        for (int k = 0; k < V; k++) sums[k] = b[k];
#pragma unroll
        for (int t = 0; t < K; t++) {
            int at = reached(g, token, taps, t, MODE == 2 ? -1 : 1);
            if (at < 0) continue;
            float v[V];
            load<V>(x + (sample * g.tokens + at) * c + column, v);
#pragma unroll
            for (int k = 0; k < V; k++) sums[k] += v[k] * weights[t][k];
        }
        if (MODE == 0) {
#pragma unroll
            for (int k = 0; k < V; k++) sums[k] = act(kind, sums[k]);
        }
        if (MODE == 1) {
            float d[V];
            load<V>(dy + row * c + column, d);
#pragma unroll
            for (int k = 0; k < V; k++) sums[k] = d[k] * slope(kind, sums[k]);
        }
        store<V>(y + row * c + column, sums);
    }
}

// Partial gradients of weight (first K quantities) and bias (the last), as (chunk, K + 1, C).
template <typename T, int V, int K> __device__ __forceinline__ void taps_weight(const T *x, const T *d, float *partial, i64 m, int c, Grid g, Taps taps) {
    __shared__ float shared[256 * V];
    int column = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    float sums[K + 1][V];
#pragma unroll
    for (int q = 0; q <= K; q++)
#pragma unroll
        for (int k = 0; k < V; k++) sums[q][k] = 0.0f;
    i64 step = (i64)gridDim.y * blockDim.y;
    if (column < c)
        for (i64 row = (i64)blockIdx.y * blockDim.y + threadIdx.y; row < m; row += step) {
            i64 sample = row / g.tokens;
            int token = (int)(row - sample * g.tokens);
            float grad[V];
            load<V>(d + row * c + column, grad);
#pragma unroll
            for (int k = 0; k < V; k++) sums[K][k] += grad[k];
#pragma unroll
            for (int t = 0; t < K; t++) {
                int at = reached(g, token, taps, t, 1);
                if (at < 0) continue;
                float v[V];
                load<V>(x + (sample * g.tokens + at) * c + column, v);
#pragma unroll
                for (int k = 0; k < V; k++) sums[t][k] += v[k] * grad[k];
            }
        }
#pragma unroll
    for (int q = 0; q <= K; q++) {
        float *own = shared + (threadIdx.y * blockDim.x + threadIdx.x) * V;
        __syncthreads();
#pragma unroll
        for (int k = 0; k < V; k++) own[k] = sums[q][k];
        for (int half = blockDim.y / 2; half > 0; half /= 2) {
            __syncthreads();
            if (threadIdx.y < half)
#pragma unroll
                for (int k = 0; k < V; k++) own[k] += own[half * blockDim.x * V + k];
        }
        if (threadIdx.y == 0 && column < c)
#pragma unroll
            for (int k = 0; k < V; k++) partial[((i64)blockIdx.y * (K + 1) + q) * c + column + k] = own[k];
    }
}

#define GRID int tokens, int height, int width, u64 down, u64 right
#define MADE Grid{tokens, height, width}, Taps{down, right}
#define TAPS(T, V, s, K) \
    extern "C" __global__ void taps##K##_##s(const T *x, const T *w, const float *bias, T *y, i64 m, int c, GRID, int kind) { \
        taps_over<T, V, K, 0>(x, w, bias, 0, y, m, c, MADE, kind); } \
    extern "C" __global__ void taps##K##_sum_back_##s(const T *x, const T *w, const float *bias, const T *dy, T *d, i64 m, int c, GRID, int kind) { \
        taps_over<T, V, K, 1>(x, w, bias, dy, d, m, c, MADE, kind); } \
    extern "C" __global__ void taps##K##_back_##s(const T *d, const T *w, T *dx, i64 m, int c, GRID) { \
        taps_over<T, V, K, 2>(d, w, 0, 0, dx, m, c, MADE, 0); } \
    extern "C" __global__ void taps##K##_weight_##s(const T *x, const T *d, float *partial, i64 m, int c, GRID) { \
        taps_weight<T, V, K>(x, d, partial, m, c, MADE); }
#define X(T, V, s) TAPS(T, V, s, 3) TAPS(T, V, s, 4) TAPS(T, V, s, 9)
FOR_WIDTHS(X)
#undef X
#undef MADE

// Which row of a sample comes to row r, or -1 for zeros. In all: a grid of height x width tokens.
// 0: squares of 2 x 2 merged, the four one after the other; 1: back; 2: windows of side k; 3: back; 4: all rows but row k.
__device__ __forceinline__ int source_row(int mode, int r, int height, int width, int k) {
    int half = width / 2;
    switch (mode) {
    case 0: {
        int cell = r / 4, quarter = r % 4;
        return (2 * (cell / half) + (quarter & 1)) * width + 2 * (cell % half) + (quarter >> 1);
    }
    case 1: {
        int i = r / width, j = r % width;
        if (i >= height / 2 * 2 || j >= half * 2) return -1;
        return 4 * (i / 2 * half + j / 2) + (i & 1) + 2 * (j & 1);
    }
    case 2: {
        int across = (width + k - 1) / k, window = r / (k * k), t = r % (k * k), i = window / across * k + t / k, j = window % across * k + t % k;
        return i >= height || j >= width ? -1 : i * width + j;
    }
    case 3: {
        int across = (width + k - 1) / k, i = r / width, j = r % width;
        return (i / k * across + j / k) * k * k + i % k * k + j % k;
    }
    default: return r < k ? r : r + 1;
    }
}

template <typename T, int V> __device__ __forceinline__ void move_rows(const T *x, T *y, i64 n, int mode, int rows, int from_rows, int c,
        int height, int width, int k) {
    int packs = c / V;
    for (i64 i = first(); i < n; i += stride()) {
        i64 r = i / packs;
        int at = (int)(i - r * packs) * V;
        i64 sample = r / rows;
        int from = source_row(mode, (int)(r - sample * rows), height, width, k);
        float v[V];
#pragma unroll
        for (int q = 0; q < V; q++) v[q] = 0.0f;
        if (from >= 0) load<V>(x + (sample * from_rows + from) * c + at, v);
        store<V>(y + i * V, v);
    }
}

// x (N, L, C) with a token put in at row k, and positions (L + 1, C) added.
template <typename T, int V> __device__ __forceinline__ void insert_token(const T *x, const T *token, const T *positions, T *y, i64 n, int rows, int c, int k) {
    int packs = c / V;
    for (i64 i = first(); i < n; i += stride()) {
        i64 r = i / packs;
        int at = (int)(i - r * packs) * V;
        i64 sample = r / rows;
        int row = (int)(r - sample * rows);
        float v[V], p[V];
        if (row == k) load<V>(token + at, v);
        else load<V>(x + (sample * (rows - 1) + (row < k ? row : row - 1)) * c + at, v);
        load<V>(positions + (i64)row * c + at, p);
#pragma unroll
        for (int q = 0; q < V; q++) v[q] += p[q];
        store<V>(y + i * V, v);
    }
}

#define X(T, V, s) \
    extern "C" __global__ void move_rows_##s(const T *x, T *y, i64 n, int mode, int rows, int from_rows, int c, int height, int width, int k) { \
        move_rows<T, V>(x, y, n, mode, rows, from_rows, c, height, width, k); } \
    extern "C" __global__ void insert_token_##s(const T *x, const T *token, const T *positions, T *y, i64 n, int rows, int c, int k) { \
        insert_token<T, V>(x, token, positions, y, n, rows, c, k); } \
    /* y[2 i] = left[i] + shortcut[2 i], y[2 i + 1] = right[i] + shortcut[2 i + 1]; n: of left */ \
    extern "C" __global__ void shuffle_add_##s(const T *left, const T *right, const T *shortcut, T *y, i64 n) { \
        for (i64 i = first(); i < n / V; i += stride()) { \
            float a[V], b[V], z[2 * V]; \
            load<V>(left + i * V, a); load<V>(right + i * V, b); \
            load<V>(shortcut + 2 * i * V, z); load<V>(shortcut + (2 * i + 1) * V, z + V); \
            for (int k = 0; k < V; k++) { z[2 * k] += a[k]; z[2 * k + 1] += b[k]; } \
            store<V>(y + 2 * i * V, z); store<V>(y + (2 * i + 1) * V, z + V); } } \
    extern "C" __global__ void shuffle_back_##s(const T *dy, T *left, T *right, i64 n) { \
        for (i64 i = first(); i < n / V; i += stride()) { \
            float a[V], b[V], z[2 * V]; \
            load<V>(dy + 2 * i * V, z); load<V>(dy + (2 * i + 1) * V, z + V); \
            for (int k = 0; k < V; k++) { a[k] = z[2 * k]; b[k] = z[2 * k + 1]; } \
            store<V>(left + i * V, a); store<V>(right + i * V, b); } }
FOR_WIDTHS(X)
#undef X
