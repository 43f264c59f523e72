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
    float top = -INFINITY, sum = 0.0f;
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

// Mean cross-entropy and its gradient in one block: loss = sum of w[label] l / sum of w[label], where l mixes the
// label's -log p with the mean over classes: (1 - s) and s of them; the smoothed part is weighted by class.
// Works in double: classes are few, and the loss steers schedules.
template <typename T> __device__ __forceinline__ void cross_entropy(const T *logits, const u32 *labels, const float *weights, float smoothing,
        int n, int classes, float *loss, float *gradient) {
    __shared__ double totals[256], masses[256];
    double mass = 0.0;
    for (int i = threadIdx.x; i < n; i += 256) mass += weights ? (double)weights[labels[i]] : 1.0;
    masses[threadIdx.x] = mass;
    __syncthreads();
    for (int half = 128; half > 0; half /= 2) {
        if (threadIdx.x < half) masses[threadIdx.x] += masses[threadIdx.x + half];
        __syncthreads();
    }
    mass = masses[0];
    double total = 0.0;
    for (int i = threadIdx.x; i < n; i += 256) {
        const T *row = logits + (i64)i * classes;
        int label = (int)labels[i];
        float top = -INFINITY;
        for (int k = 0; k < classes; k++) { float z = as_float(row[k]); if (z > top || z != z) top = z; }
        double sum = 0.0;
        for (int k = 0; k < classes; k++) sum += exp((double)(as_float(row[k]) - top));
        double level = (double)top + log(sum), own = weights ? (double)weights[label] : 1.0, all = 0.0;
        double part = (double)smoothing / classes;
        for (int k = 0; k < classes; k++) {
            double w = weights ? (double)weights[k] : 1.0;
            all += w;
            total += part * w * (level - (double)as_float(row[k]));
        }
        total += (1.0 - (double)smoothing) * own * (level - (double)as_float(row[label]));
        for (int k = 0; k < classes; k++) {
            double p = exp((double)as_float(row[k]) - level), w = weights ? (double)weights[k] : 1.0;
            double g = (1.0 - (double)smoothing) * own * (p - (k == label ? 1.0 : 0.0)) + part * (all * p - w);
            gradient[(i64)i * classes + k] = (float)(g / mass);
        }
    }
    totals[threadIdx.x] = total;
    __syncthreads();
    for (int half = 128; half > 0; half /= 2) {
        if (threadIdx.x < half) totals[threadIdx.x] += totals[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) *loss = (float)(totals[0] / mass);
}

#define X(T, s) \
    extern "C" __global__ void cross_entropy_##s(const T *logits, const u32 *labels, const float *weights, float smoothing, int n, \
            int classes, float *loss, float *gradient) { \
        cross_entropy<T>(logits, labels, weights, smoothing, n, classes, loss, gradient); } \
    /* y = x times a number on the device */ \
    extern "C" __global__ void times_##s(const float *x, const float *factor, T *y, i64 n) { \
        for (i64 i = first(); i < n; i += stride()) put(y + i, x[i] * factor[0]); }
FOR_TYPES(X)
#undef X
