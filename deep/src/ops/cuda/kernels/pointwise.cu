// Element by element, in whatever order the memory is: activations, sums, products, dropout.

template <typename T, int V, typename F> __device__ __forceinline__ void each1(const T *a, T *y, i64 n, F f) {
    for (i64 i = first(); i < n / V; i += stride()) {
        float x[V], z[V];
        load<V>(a + i * V, x);
#pragma unroll
        for (int k = 0; k < V; k++) z[k] = f(x[k], i * V + k);
        store<V>(y + i * V, z);
    }
}

template <typename T, int V, typename F> __device__ __forceinline__ void each2(const T *a, const T *b, T *y, i64 n, F f) {
    for (i64 i = first(); i < n / V; i += stride()) {
        float x[V], w[V], z[V];
        load<V>(a + i * V, x);
        load<V>(b + i * V, w);
#pragma unroll
        for (int k = 0; k < V; k++) z[k] = f(x[k], w[k], i * V + k);
        store<V>(y + i * V, z);
    }
}

// The same with the position inside a period of c numbers (c a multiple of V) and the period's number.
template <typename T, int V, typename F> __device__ __forceinline__ void periodic1(const T *a, T *y, i64 n, i64 c, F f) {
    for (i64 i = first(); i < n / V; i += stride()) {
        float x[V], z[V];
        load<V>(a + i * V, x);
        i64 period = i * V / c, at = i * V - period * c;
#pragma unroll
        for (int k = 0; k < V; k++) z[k] = f(x[k], at + k, period);
        store<V>(y + i * V, z);
    }
}
template <typename T, int V, typename F> __device__ __forceinline__ void periodic2(const T *a, const T *b, T *y, i64 n, i64 c, F f) {
    for (i64 i = first(); i < n / V; i += stride()) {
        float x[V], w[V], z[V];
        load<V>(a + i * V, x);
        load<V>(b + i * V, w);
        i64 period = i * V / c, at = i * V - period * c;
#pragma unroll
        for (int k = 0; k < V; k++) z[k] = f(x[k], w[k], at + k, period);
        store<V>(y + i * V, z);
    }
}

template <typename T, int V> __device__ __forceinline__ void residual(const T *a, const T *b, const float *gamma, const float *keep, T *y, i64 n,
        int c, i64 sample) {
    for (i64 i = first(); i < n / V; i += stride()) {
        float x[V], w[V];
        load<V>(b + i * V, w);
        if (a) load<V>(a + i * V, x);
        float kept = keep ? keep[i * V / sample] : 1.0f;
        int at = (int)(i * V % c);
#pragma unroll
        for (int k = 0; k < V; k++) w[k] = (a ? x[k] : 0.0f) + w[k] * (gamma ? gamma[at + k] : 1.0f) * kept;
        store<V>(y + i * V, w);
    }
}

template <typename T, int V> __device__ __forceinline__ void gate(const T *a, const T *b, const T *z, T *y, i64 n, float factor) {
    for (i64 i = first(); i < n / V; i += stride()) {
        float x[V], w[V], g[V];
        load<V>(a + i * V, x);
        if (b) load<V>(b + i * V, w);
        load<V>(z + i * V, g);
#pragma unroll
        for (int k = 0; k < V; k++) g[k] = factor * (b ? x[k] + w[k] : x[k]) * g[k] * sigmoid(g[k]);
        store<V>(y + i * V, g);
    }
}

template <typename T, int V> __device__ __forceinline__ void gate_back(const T *a, const T *b, const T *z, const T *dy, T *da, T *dz, i64 n,
        float factor) {
    for (i64 i = first(); i < n / V; i += stride()) {
        float x[V], w[V], g[V], d[V];
        load<V>(a + i * V, x);
        if (b) load<V>(b + i * V, w);
        load<V>(z + i * V, g);
        load<V>(dy + i * V, d);
#pragma unroll
        for (int k = 0; k < V; k++) {
            float s = sigmoid(g[k]), sum = b ? x[k] + w[k] : x[k];
            x[k] = factor * d[k] * g[k] * s;
            w[k] = factor * d[k] * sum * s * (1.0f + g[k] * (1.0f - s));
        }
        store<V>(da + i * V, x);
        store<V>(dz + i * V, w);
    }
}

// Whether a number stays, from its position alone: two rounds of the 64-bit finaliser of SplitMix64.
__device__ __forceinline__ bool stays(u64 key, u64 position, u32 threshold) {
    u64 z = key + (position + 1) * 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return (u32)((z ^ (z >> 31)) >> 32) >= threshold;
}

#define X(T, V, s) \
    extern "C" __global__ void activation_##s(const T *x, T *y, i64 n, int kind) { \
        each1<T, V>(x, y, n, [=](float v, i64) { return act(kind, v); }); } \
    extern "C" __global__ void activation_back_##s(const T *x, const T *dy, T *dx, i64 n, int kind) { \
        each2<T, V>(x, dy, dx, n, [=](float v, float g, i64) { return g * slope(kind, v); }); } \
    extern "C" __global__ void add_##s(const T *a, const T *b, T *y, i64 n) { \
        each2<T, V>(a, b, y, n, [=](float v, float w, i64) { return v + w; }); } \
    extern "C" __global__ void multiply_##s(const T *a, const T *b, T *y, i64 n) { \
        each2<T, V>(a, b, y, n, [=](float v, float w, i64) { return v * w; }); } \
    extern "C" __global__ void scale_##s(const T *a, T *y, i64 n, float factor) { \
        each1<T, V>(a, y, n, [=](float v, i64) { return v * factor; }); } \
    extern "C" __global__ void add_relu_##s(const T *a, const T *b, T *y, i64 n) { \
        each2<T, V>(a, b, y, n, [=](float v, float w, i64) { float t = v + w; return t < 0.0f ? 0.0f : t; }); } \
    extern "C" __global__ void add_relu_back_##s(const T *y, const T *dy, T *dx, i64 n) { \
        each2<T, V>(y, dy, dx, n, [=](float v, float g, i64) { return v > 0.0f ? g : 0.0f; }); } \
    extern "C" __global__ void dropout_##s(const T *x, T *y, i64 n, u64 key, u32 threshold, float kept) { \
        each1<T, V>(x, y, n, [=](float v, i64 i) { return stays(key, (u64)i, threshold) ? v * kept : 0.0f; }); } \
    extern "C" __global__ void scale_samples_##s(const T *x, const float *factor, T *y, i64 n, i64 sample) { \
        periodic1<T, V>(x, y, n, sample, [=](float v, i64, i64 m) { return v * factor[m]; }); } \
    /* y = a + b gamma[c] keep[n]; a, gamma or keep may be null; c and sample multiples of V */ \
    extern "C" __global__ void residual_##s(const T *a, const T *b, const float *gamma, const float *keep, T *y, i64 n, int c, i64 sample) { \
        residual<T, V>(a, b, gamma, keep, y, n, c, sample); } \
    /* y = factor (a + b) silu(z); b may be null */ \
    extern "C" __global__ void gate_##s(const T *a, const T *b, const T *z, T *y, i64 n, float factor) { \
        gate<T, V>(a, b, z, y, n, factor); } \
    extern "C" __global__ void gate_back_##s(const T *a, const T *b, const T *z, const T *dy, T *da, T *dz, i64 n, float factor) { \
        gate_back<T, V>(a, b, z, dy, da, dz, n, factor); } \
    /* y = f(x + bias), bias repeated every c numbers */ \
    extern "C" __global__ void bias_##s(const T *x, const float *bias, T *y, i64 n, int c, int kind) { \
        periodic1<T, V>(x, y, n, c, [=](float v, i64 i, i64) { return act(kind, v + bias[i]); }); } \
    /* images (N, C, H, W) times factors (N, C): y[n, p, c] = x[n, p, c] s[n, c] */ \
    extern "C" __global__ void scale_channels_##s(const T *x, const T *factor, T *y, i64 n, int plane, int c) { \
        periodic1<T, V>(x, y, n, c, [=](float v, i64 i, i64 p) { return v * as_float(factor[p / plane * c + i]); }); } \
    extern "C" __global__ void spread_means_##s(const T *dy, T *dx, i64 n, int plane, int c) { \
        periodic1<T, V>(dx, dx, n, c, [=](float, i64 i, i64 p) { return as_float(dy[p / plane * c + i]) / plane; }); }
FOR_WIDTHS(X)
#undef X

extern "C" __global__ void to_bf16(const float *x, bf16 *y, i64 n) {
    for (i64 i = first(); i < n; i += stride()) put(y + i, x[i]);
}
extern "C" __global__ void follow(float *average, const float *w, i64 n, float keep) {
    for (i64 i = first(); i < n; i += stride()) average[i] = keep * average[i] + (1.0f - keep) * w[i];
}
extern "C" __global__ void to_float(const bf16 *x, float *y, i64 n) {
    for (i64 i = first(); i < n; i += stride()) y[i] = as_float(x[i]);
}

// Over up to five axes, in units of V numbers: y (d0 ... d4 in C order) = x at the given strides, or back
// (`scatter`: no two at one place).
template <typename T, int V, bool SCATTER> __device__ __forceinline__ void strided(const T *x, T *y, i64 n, int d1, int d2, int d3, int d4,
        i64 s0, i64 s1, i64 s2, i64 s3, i64 s4) {
    for (i64 i = first(); i < n; i += stride()) {
        u64 r = (u64)i;
        u64 i4 = r % (u32)d4; r /= (u32)d4;
        u64 i3 = r % (u32)d3; r /= (u32)d3;
        u64 i2 = r % (u32)d2; r /= (u32)d2;
        u64 i1 = r % (u32)d1; r /= (u32)d1;
        i64 at = (i64)r * s0 + (i64)i1 * s1 + (i64)i2 * s2 + (i64)i3 * s3 + (i64)i4 * s4;
        float v[V];
        load<V>(x + (SCATTER ? i : at) * V, v);
        store<V>(y + (SCATTER ? at : i) * V, v);
    }
}
#define X(T, V, s) \
    extern "C" __global__ void strided_##s(const T *x, T *y, i64 n, int d1, int d2, int d3, int d4, i64 s0, i64 s1, i64 s2, i64 s3, i64 s4) { \
        strided<T, V, false>(x, y, n, d1, d2, d3, d4, s0, s1, s2, s3, s4); } \
    extern "C" __global__ void scatter_##s(const T *x, T *y, i64 n, int d1, int d2, int d3, int d4, i64 s0, i64 s1, i64 s2, i64 s3, i64 s4) { \
        strided<T, V, true>(x, y, n, d1, d2, d3, d4, s0, s1, s2, s3, s4); }
FOR_WIDTHS(X)
#undef X

#define X(T, s) \
    extern "C" __global__ void fill_##s(T *y, i64 n, float value) { \
        for (i64 i = first(); i < n; i += stride()) put(y + i, value); } \
    /* pixels (N, C, P) of the processor's order in f32 to (N, P, C) */ \
    extern "C" __global__ void upload_##s(const float *x, T *y, i64 n, int c, i64 p) { \
        for (i64 i = first(); i < n; i += stride()) { \
            i64 channel = i % c, pixel = i / c % p, sample = i / c / p; \
            put(y + i, x[(sample * c + channel) * p + pixel]); } } \
    /* one channel (N, P) of f32 as `c` equal ones (N, P, C) */ \
    extern "C" __global__ void upload_grey_##s(const float *x, T *y, i64 n, int c) { \
        for (i64 i = first(); i < n; i += stride()) put(y + i, x[i / c]); }
FOR_TYPES(X)
#undef X
