// Along the rows of a matrix (M, C): layer and RMS normalisation, softmax, cross-entropy. A warp owns a row.

// Calls f(position, numbers) for the row's packs that belong to this lane.
template <int V, typename T, typename F> __device__ __forceinline__ void packs(const T *row, int c, F f) {
    for (int i = (threadIdx.x & 31) * V; i < c; i += 32 * V) {
        float x[V];
        load<V>(row + i, x);
        f(i, x);
    }
}

__device__ __forceinline__ i64 own_row() { return (i64)blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32; }

// `bias` null and `mean` null: RMS norm.
template <typename T, int V> __device__ __forceinline__ void row_norm(const T *x, const float *weight, const float *bias, T *y,
        float *mean, float *inverse, i64 m, int c, float epsilon) {
    i64 row = own_row();
    if (row >= m) return;
    x += row * c;
    float mu = 0.0f, square = 0.0f;
    if (mean) {
        packs<V>(x, c, [&](int, float *v) {
#pragma unroll
            for (int k = 0; k < V; k++) mu += v[k];
        });
        mu = warp_sum(mu) / c;
    }
    packs<V>(x, c, [&](int, float *v) {
#pragma unroll
        for (int k = 0; k < V; k++) square += (v[k] - mu) * (v[k] - mu);
    });
    float inv = 1.0f / sqrtf(warp_sum(square) / c + epsilon);
    if ((threadIdx.x & 31) == 0) {
        if (mean) mean[row] = mu;
        inverse[row] = inv;
    }
    packs<V>(x, c, [&](int i, float *v) {
        float w[V], b[V];
        load<V>(weight + i, w);
        if (bias) load<V>(bias + i, b);
#pragma unroll
        for (int k = 0; k < V; k++) v[k] = (v[k] - mu) * inv * w[k] + (bias ? b[k] : 0.0f);
        store<V>(y + row * c + i, v);
    });
}

template <typename T, int V> __device__ __forceinline__ void row_norm_back(const T *x, const T *dy, const float *weight, const float *mean,
        const float *inverse, T *dx, i64 m, int c) {
    i64 row = own_row();
    if (row >= m) return;
    x += row * c; dy += row * c;
    float mu = mean ? mean[row] : 0.0f, inv = inverse[row], level = 0.0f, tilt = 0.0f;
    packs<V>(x, c, [&](int i, float *v) {
        float g[V], w[V];
        load<V>(dy + i, g);
        load<V>(weight + i, w);
#pragma unroll
        for (int k = 0; k < V; k++) {
            level += g[k] * w[k];
            tilt += g[k] * w[k] * (v[k] - mu);
        }
    });
    level = mean ? warp_sum(level) / c : 0.0f;
    tilt = warp_sum(tilt) * inv * inv / c;
    packs<V>(x, c, [&](int i, float *v) {
        float g[V], w[V];
        load<V>(dy + i, g);
        load<V>(weight + i, w);
#pragma unroll
        for (int k = 0; k < V; k++) v[k] = inv * (g[k] * w[k] - level - (v[k] - mu) * tilt);
        store<V>(dx + row * c + i, v);
    });
}

// softmax(factor x)
template <typename T, int V> __device__ __forceinline__ void softmax(const T *x, T *y, i64 m, int c, float factor) {
    i64 row = own_row();
    if (row >= m) return;
    x += row * c;
    float top = LEAST, sum = 0.0f;
    packs<V>(x, c, [&](int, float *v) {
#pragma unroll
        for (int k = 0; k < V; k++) top = fmaxf(top, v[k] * factor);
    });
    top = warp_max(top);
    packs<V>(x, c, [&](int, float *v) {
#pragma unroll
        for (int k = 0; k < V; k++) sum += expf(v[k] * factor - top);
    });
    float over = 1.0f / warp_sum(sum);
    packs<V>(x, c, [&](int i, float *v) {
#pragma unroll
        for (int k = 0; k < V; k++) v[k] = expf(v[k] * factor - top) * over;
        store<V>(y + row * c + i, v);
    });
}

template <typename T, int V> __device__ __forceinline__ void softmax_back(const T *y, const T *dy, T *dx, i64 m, int c, float factor) {
    i64 row = own_row();
    if (row >= m) return;
    y += row * c; dy += row * c;
    float sum = 0.0f;
    packs<V>(y, c, [&](int i, float *v) {
        float g[V];
        load<V>(dy + i, g);
#pragma unroll
        for (int k = 0; k < V; k++) sum += g[k] * v[k];
    });
    sum = warp_sum(sum);
    packs<V>(y, c, [&](int i, float *v) {
        float g[V];
        load<V>(dy + i, g);
#pragma unroll
        for (int k = 0; k < V; k++) v[k] = factor * v[k] * (g[k] - sum);
        store<V>(dx + row * c + i, v);
    });
}

#define X(T, V, s) \
    extern "C" __global__ void row_norm_##s(const T *x, const float *weight, const float *bias, T *y, float *mean, float *inverse, \
            i64 m, int c, float epsilon) { row_norm<T, V>(x, weight, bias, y, mean, inverse, m, c, epsilon); } \
    extern "C" __global__ void row_norm_back_##s(const T *x, const T *dy, const float *weight, const float *mean, \
            const float *inverse, T *dx, i64 m, int c) { row_norm_back<T, V>(x, dy, weight, mean, inverse, dx, m, c); } \
    extern "C" __global__ void softmax_##s(const T *x, T *y, i64 m, int c, float factor) { softmax<T, V>(x, y, m, c, factor); } \
    extern "C" __global__ void softmax_back_##s(const T *y, const T *dy, T *dx, i64 m, int c, float factor) { \
        softmax_back<T, V>(y, dy, dx, m, c, factor); }
FOR_WIDTHS(X)
#undef X

// Cross-entropy and its gradient in one block: loss = sum over rows n and classes c of a[n, c] (1 - p)^gamma
// (-log p) / divisor. With h = gamma p (1 - p)^(gamma - 1) log p - (1 - p)^gamma (-1 where gamma is 0), the
// gradient of logit k is (a[k] h[k] - p[k] sum of a h) / divisor. In double: classes are few, and the loss
// steers schedules.
template <typename T> __device__ __forceinline__ void cross_entropy(const T *logits, const float *factors, float gamma, float divisor,
        int n, int classes, float *loss, float *gradient) {
    __shared__ double totals[256];
    double total = 0.0;
    for (int i = threadIdx.x; i < n; i += 256) {
        const T *row = logits + (i64)i * classes;
        const float *a = factors + (i64)i * classes;
        float *g = gradient + (i64)i * classes;
        float top = LEAST;
        for (int k = 0; k < classes; k++) { float z = as_float(row[k]); if (z > top || z != z) top = z; }
        double sum = 0.0, all = 0.0;
        for (int k = 0; k < classes; k++) sum += exp((double)(as_float(row[k]) - top));
        double level = (double)top + log(sum);
        for (int k = 0; k < classes; k++) {
            double surprise = level - (double)as_float(row[k]), p = exp(-surprise), rest = -expm1(-surprise), h = -1.0;
            double focus = gamma > 0.0f ? pow(rest, (double)gamma) : 1.0;
            if (gamma > 0.0f) h = rest > 0.0 ? -(double)gamma * p * pow(rest, (double)gamma - 1.0) * surprise - focus : 0.0;
            if (a[k] != 0.0f) total += (double)a[k] * focus * surprise;
            all += (double)a[k] * h;
            g[k] = (float)((double)a[k] * h / divisor);
        }
        for (int k = 0; k < classes; k++) g[k] = (float)((double)g[k] - exp((double)as_float(row[k]) - level) * all / divisor);
    }
    totals[threadIdx.x] = total;
    __syncthreads();
    for (int half = 128; half > 0; half /= 2) {
        if (threadIdx.x < half) totals[threadIdx.x] += totals[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) *loss = (float)(totals[0] / divisor);
}

#define X(T, s) \
    extern "C" __global__ void cross_entropy_##s(const T *logits, const float *factors, float gamma, float divisor, int n, \
            int classes, float *loss, float *gradient) { \
        cross_entropy<T>(logits, factors, gamma, divisor, n, classes, loss, gradient); } \
    /* y = x times a number on the device */ \
    extern "C" __global__ void times_##s(const float *x, const float *factor, T *y, i64 n) { \
        for (i64 i = first(); i < n; i += stride()) put(y + i, x[i] * factor[0]); }
FOR_TYPES(X)
#undef X
