// Sums down the columns of a matrix (M, C) in two steps, the same on every run: blocks add up chunks of
// rows, then one thread a column adds the chunks in order, in double precision. Batch normalisation with
// its activation, bias gradients and the weight gradients of layer normalisation are built on it.
//
// A block is x lanes by y rows, 256 threads and powers of two both: a lane owns V columns, so that the
// columns' parameters stay in registers. Partial sums lie as (chunk, quantity, C).

#define THREADS 256

// Adds up every lane's V numbers over the block's rows, as a tree; row 0 holds the totals then.
template <int V> __device__ __forceinline__ void add_rows(float *shared, float *sums) {
    float *own = shared + (threadIdx.y * blockDim.x + threadIdx.x) * V;
    __syncthreads();
#pragma unroll
    for (int k = 0; k < V; k++) own[k] = sums[k];
    for (int half = blockDim.y / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.y < half) {
            const float *other = own + half * blockDim.x * V;
#pragma unroll
            for (int k = 0; k < V; k++) own[k] += other[k];
        }
    }
#pragma unroll
    for (int k = 0; k < V; k++) sums[k] = own[k];
}

// Adds `Q` quantities per column over this block's rows and writes them to partial[chunk, q, column].
template <int Q, int V, typename F> __device__ __forceinline__ void column_sums(float *partial, i64 m, int c, F f) {
    __shared__ float shared[THREADS * V];
    int column = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    float sums[Q][V];
#pragma unroll
    for (int q = 0; q < Q; q++)
#pragma unroll
        for (int k = 0; k < V; k++) sums[q][k] = 0.0f;
    if (column < c) {
        i64 step = (i64)gridDim.y * blockDim.y;
#pragma unroll 2
        for (i64 row = (i64)blockIdx.y * blockDim.y + threadIdx.y; row < m; row += step) f(row, column, sums);
    }
#pragma unroll
    for (int q = 0; q < Q; q++) {
        add_rows<V>(shared, sums[q]);
        if (threadIdx.y == 0 && column < c) store<V>(partial + ((i64)blockIdx.y * Q + q) * c + column, sums[q]);
    }
}

__device__ __forceinline__ double chunks_sum(const float *partial, int chunks, int quantities, int q, int c, int column) {
    double total = 0.0;
    for (int chunk = 0; chunk < chunks; chunk++) total += (double)partial[((i64)chunk * quantities + q) * c + column];
    return total;
}

// Sums of differences to the first row, and of their squares: near the mean, so nothing cancels.
template <typename T, int V> __device__ __forceinline__ void moments(const T *x, float *partial, i64 m, int c) {
    int own = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    float origin[V];
    if (own < c) load<V>(x + own, origin);
    column_sums<2, V>(partial, m, c, [&](i64 row, int column, float (*sums)[V]) {
        float v[V];
        load<V>(x + row * c + column, v);
#pragma unroll
        for (int k = 0; k < V; k++) {
            float d = v[k] - origin[k];
            sums[0][k] += d;
            sums[1][k] += d * d;
        }
    });
}

// Statistics of a batch: mean and 1 / sqrt(variance + epsilon); moves the running ones.
template <typename T> __device__ __forceinline__ void statistics(const T *x, const float *partial, int chunks, i64 m, int c,
        float epsilon, float momentum, float *mean, float *inverse, float *running_mean, float *running_variance) {
    int column = (int)first();
    if (column >= c) return;
    double shift = chunks_sum(partial, chunks, 2, 0, c, column) / m;
    double square = chunks_sum(partial, chunks, 2, 1, c, column) / m;
    double variance = square - shift * shift;
    if (variance < 0.0) variance = 0.0;
    double mu = (double)as_float(x[column]) + shift;
    mean[column] = (float)mu;
    inverse[column] = (float)(1.0 / sqrt(variance + (double)epsilon));
    if (running_mean) {
        double keep = 1.0 - (double)momentum;
        running_mean[column] = (float)(keep * running_mean[column] + momentum * mu);
        running_variance[column] = (float)(keep * running_variance[column] + momentum * (variance * m / (m - 1)));
    }
}

// What a lane needs to know of its columns.
template <int V> struct Columns {
    float mean[V], inverse[V], scale[V], bias[V];
    __device__ __forceinline__ void read(const float *means, const float *inverses, const float *weights, const float *biases, int column) {
        load<V>(means + column, mean);
        load<V>(inverses + column, inverse);
        load<V>(weights + column, scale);
        load<V>(biases + column, bias);
#pragma unroll
        for (int k = 0; k < V; k++) scale[k] *= inverse[k];
    }
};

template <typename T, int V> __device__ __forceinline__ void normalise(const T *x, const float *mean, const float *inverse,
        const float *weight, const float *bias, T *y, i64 m, int c, int kind) {
    int column = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (column >= c) return;
    Columns<V> p;
    p.read(mean, inverse, weight, bias, column);
    i64 step = (i64)gridDim.y * blockDim.y;
#pragma unroll 2
    for (i64 row = (i64)blockIdx.y * blockDim.y + threadIdx.y; row < m; row += step) {
        float v[V];
        load<V>(x + row * c + column, v);
#pragma unroll
        for (int k = 0; k < V; k++) v[k] = act(kind, (v[k] - p.mean[k]) * p.scale[k] + p.bias[k]);
        store<V>(y + row * c + column, v);
    }
}

// g = dy f'(...); per column the sums of g and of g (x - mean).
template <typename T, int V> __device__ __forceinline__ void norm_sums(const T *x, const T *dy, const float *mean, const float *inverse,
        const float *weight, const float *bias, float *partial, i64 m, int c, int kind) {
    Columns<V> p;
    int own = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (own < c) p.read(mean, inverse, weight, bias, own);
    column_sums<2, V>(partial, m, c, [&](i64 row, int column, float (*sums)[V]) {
        float v[V], g[V];
        load<V>(x + row * c + column, v);
        load<V>(dy + row * c + column, g);
#pragma unroll
        for (int k = 0; k < V; k++) {
            float d = v[k] - p.mean[k];
            float s = g[k] * slope(kind, d * p.scale[k] + p.bias[k]);
            sums[0][k] += s;
            sums[1][k] += s * d;
        }
    });
}

template <typename T, int V> __device__ __forceinline__ void norm_back(const T *x, const T *dy, const float *mean, const float *inverse,
        const float *weight, const float *bias, const float *d_weight, const float *d_bias, T *dx, i64 m, int c, int kind) {
    int column = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (column >= c) return;
    Columns<V> p;
    p.read(mean, inverse, weight, bias, column);
    float level[V], tilt[V];
    load<V>(d_bias + column, level);
    load<V>(d_weight + column, tilt);
#pragma unroll
    for (int k = 0; k < V; k++) {
        level[k] /= (float)m;
        tilt[k] *= p.inverse[k] / (float)m;
    }
    i64 step = (i64)gridDim.y * blockDim.y;
    for (i64 row = (i64)blockIdx.y * blockDim.y + threadIdx.y; row < m; row += step) {
        float v[V], g[V];
        load<V>(x + row * c + column, v);
        load<V>(dy + row * c + column, g);
#pragma unroll
        for (int k = 0; k < V; k++) {
            float d = v[k] - p.mean[k];
            float s = g[k] * slope(kind, d * p.scale[k] + p.bias[k]);
            v[k] = p.scale[k] * (s - level[k] - d * tilt[k]);
        }
        store<V>(dx + row * c + column, v);
    }
}

extern "C" __global__ void norm_finish(const float *partial, int chunks, int c, const float *inverse, float *d_weight, float *d_bias) {
    int column = (int)first();
    if (column >= c) return;
    d_bias[column] = (float)chunks_sum(partial, chunks, 2, 0, c, column);
    d_weight[column] = (float)(chunks_sum(partial, chunks, 2, 1, c, column) * (double)inverse[column]);
}

// total[q, column] of Q quantities.
extern "C" __global__ void column_finish(const float *partial, int chunks, int quantities, int c, float *total) {
    int at = (int)first();
    if (at >= quantities * c) return;
    total[at] = (float)chunks_sum(partial, chunks, quantities, at / c, c, at % c);
}

// Sums of all columns of every sample (N, P, C), times a factor; the sample is blockIdx.y. `x2` null: of x, else
// of x x2.
template <typename T, int V> __device__ __forceinline__ void plane_sums(const T *x, const T *x2, T *y, int p, int c, float factor) {
    __shared__ float shared[THREADS * V];
    int column = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    i64 at = (i64)blockIdx.y * p * c + column;
    float sums[V];
#pragma unroll
    for (int k = 0; k < V; k++) sums[k] = 0.0f;
    if (column < c)
        for (int row = threadIdx.y; row < p; row += blockDim.y) {
            float v[V];
            load<V>(x + at + (i64)row * c, v);
            if (x2) {
                float w[V];
                load<V>(x2 + at + (i64)row * c, w);
#pragma unroll
                for (int k = 0; k < V; k++) sums[k] += v[k] * w[k];
            } else {
#pragma unroll
                for (int k = 0; k < V; k++) sums[k] += v[k];
            }
        }
    add_rows<V>(shared, sums);
    if (threadIdx.y == 0 && column < c) {
#pragma unroll
        for (int k = 0; k < V; k++) sums[k] *= factor;
        store<V>(y + (i64)blockIdx.y * c + column, sums);
    }
}

#define X(T, V, s) \
    extern "C" __global__ void moments_##s(const T *x, float *partial, i64 m, int c) { moments<T, V>(x, partial, m, c); } \
    extern "C" __global__ void normalise_##s(const T *x, const float *mean, const float *inverse, const float *weight, \
            const float *bias, T *y, i64 m, int c, int kind) { normalise<T, V>(x, mean, inverse, weight, bias, y, m, c, kind); } \
    extern "C" __global__ void norm_sums_##s(const T *x, const T *dy, const float *mean, const float *inverse, const float *weight, \
            const float *bias, float *partial, i64 m, int c, int kind) { \
        norm_sums<T, V>(x, dy, mean, inverse, weight, bias, partial, m, c, kind); } \
    extern "C" __global__ void norm_back_##s(const T *x, const T *dy, const float *mean, const float *inverse, const float *weight, \
            const float *bias, const float *d_weight, const float *d_bias, T *dx, i64 m, int c, int kind) { \
        norm_back<T, V>(x, dy, mean, inverse, weight, bias, d_weight, d_bias, dx, m, c, kind); } \
    /* sums of dy down the columns */ \
    extern "C" __global__ void column_sums_##s(const T *dy, float *partial, i64 m, int c) { \
        column_sums<1, V>(partial, m, c, [=](i64 row, int column, float (*sums)[V]) { \
            float v[V]; load<V>(dy + row * c + column, v); \
            for (int k = 0; k < V; k++) sums[0][k] += v[k]; }); } \
    /* sums of a b down the columns */ \
    extern "C" __global__ void column_products_##s(const T *a, const T *b, float *partial, i64 m, int c) { \
        column_sums<1, V>(partial, m, c, [=](i64 row, int column, float (*sums)[V]) { \
            float v[V], w[V]; load<V>(a + row * c + column, v); load<V>(b + row * c + column, w); \
            for (int k = 0; k < V; k++) sums[0][k] += v[k] * w[k]; }); } \
    /* layer norm's weights: sums of dy and of dy (x - mean[row]) inverse[row] */ \
    extern "C" __global__ void row_norm_sums_##s(const T *x, const T *dy, const float *mean, const float *inverse, \
            float *partial, i64 m, int c) { \
        column_sums<2, V>(partial, m, c, [=](i64 row, int column, float (*sums)[V]) { \
            float v[V], g[V]; load<V>(x + row * c + column, v); load<V>(dy + row * c + column, g); \
            float mu = mean ? mean[row] : 0.0f, inv = inverse[row]; \
            for (int k = 0; k < V; k++) { sums[0][k] += g[k]; sums[1][k] += g[k] * ((v[k] - mu) * inv); } }); } \
    extern "C" __global__ void plane_sums_##s(const T *x, const T *x2, T *y, int p, int c, float factor) { \
        plane_sums<T, V>(x, x2, y, p, c, factor); }
FOR_WIDTHS(X)
#undef X

#define X(T, s) \
    extern "C" __global__ void statistics_##s(const T *x, const float *partial, int chunks, i64 m, int c, float epsilon, \
            float momentum, float *mean, float *inverse, float *running_mean, float *running_variance) { \
        statistics<T>(x, partial, chunks, m, c, epsilon, momentum, mean, inverse, running_mean, running_variance); }
FOR_TYPES(X)
#undef X

// The running statistics' factors for evaluation.
extern "C" __global__ void inverse_deviation(const float *variance, float *inverse, int c, float epsilon) {
    int column = (int)first();
    if (column < c) inverse[column] = (float)(1.0 / sqrt((double)variance[column] + (double)epsilon));
}
