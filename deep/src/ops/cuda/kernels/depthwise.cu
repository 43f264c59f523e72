// Depthwise convolutions of channels-last images: y[n, i, j, c] = sum over u, v of
// x[n, i s + u d - p, j s + v d - p, c] w[c, u, v] (+ bias[c]).
//
// Forward: a thread computes TILE neighbouring pixels of V channels, so that it reads a column once for all
// of them. Backward to the input is the same with the kernel turned round where the stride is 1. The
// weight's gradient is added up over chunks of output rows; one thread a weight adds the chunks in order.

struct Shape { int batch, height, width, out_height, out_width, channels, stride, padding, dilation; };

// The weights of this block's channels, one V-pack after the other, as shared[(u K + v) channels + c].
template <typename T> __device__ __forceinline__ void share_weights(const T *w, float *shared, int taps, int c0, int span, int channels, int turned) {
    for (int i = threadIdx.x; i < taps * span; i += blockDim.x) {
        int c = i / taps, tap = i % taps;
        shared[(turned ? taps - 1 - tap : tap) * span + c] = c0 + c < channels ? as_float(w[(i64)(c0 + c) * taps + tap]) : 0.0f;
    }
    __syncthreads();
}

// Lanes of a block along the channels.
#define LANES 8

// K known when compiling, stride 1 or 2; TILE output pixels a thread.
template <typename T, int V, int K, int S, int TILE> __device__ __forceinline__ void depthwise(const T *x, const T *w, const float *bias, T *y,
        Shape s, int turned) {
    __shared__ float shared[K * K * LANES * V];
    int c0 = blockIdx.y * LANES * V, lane = threadIdx.x % LANES, c = c0 + lane * V;
    share_weights(w, shared, K * K, c0, LANES * V, s.channels, turned);
    if (c >= s.channels) return;
    int tiles = (s.out_width + TILE - 1) / TILE;
    i64 total = (i64)s.batch * s.out_height * tiles, per_block = blockDim.x / LANES;
    for (i64 t = (i64)blockIdx.x * per_block + threadIdx.x / LANES; t < total; t += (i64)gridDim.x * per_block) {
        int j0 = (int)(t % tiles) * TILE;
        i64 r = t / tiles;
        int i = (int)(r % s.out_height);
        const T *image = x + (r / s.out_height) * s.height * s.width * s.channels + c;
        float sums[TILE][V];
#pragma unroll
        for (int q = 0; q < TILE; q++)
#pragma unroll
            for (int k = 0; k < V; k++) sums[q][k] = 0.0f;
        if (bias) {
#pragma unroll
            for (int q = 0; q < TILE; q++) load<V>(bias + c, sums[q]);
        }
        for (int u = 0; u < K; u++) {
            int row = i * S + u - s.padding;
            if (row < 0 || row >= s.height) continue;
            const T *line = image + (i64)row * s.width * s.channels;
#pragma unroll
            for (int q = 0; q < (TILE - 1) * S + K; q++) {
                int column = j0 * S + q - s.padding;
                if (column < 0 || column >= s.width) continue;
                float z[V];
                load<V>(line + (i64)column * s.channels, z);
#pragma unroll
                for (int p = 0; p < TILE; p++) {
                    int v = q - p * S;
                    if (v < 0 || v >= K) continue;
                    const float *f = shared + ((u * K + v) * LANES + lane) * V;
#pragma unroll
                    for (int k = 0; k < V; k++) sums[p][k] += z[k] * f[k];
                }
            }
        }
#pragma unroll
        for (int p = 0; p < TILE; p++)
            if (j0 + p < s.out_width) store<V>(y + (r * s.out_width + j0 + p) * s.channels + c, sums[p]);
    }
}

// Any kernel, stride and dilation.
template <typename T, int V> __device__ __forceinline__ void depthwise_any(const T *x, const T *w, const float *bias, T *y, Shape s, int kernel) {
    int packs = s.channels / V;
    i64 n = (i64)s.batch * s.out_height * s.out_width * packs;
    for (i64 i = first(); i < n; i += stride()) {
        i64 r = i;
        int c = (int)(r % packs) * V; r /= packs;
        int oj = (int)(r % s.out_width); r /= s.out_width;
        int oi = (int)(r % s.out_height); r /= s.out_height;
        const T *image = x + r * s.height * s.width * s.channels + c;
        float sums[V];
#pragma unroll
        for (int k = 0; k < V; k++) sums[k] = bias ? bias[c + k] : 0.0f;
        for (int u = 0; u < kernel; u++)
            for (int v = 0; v < kernel; v++) {
                int row = oi * s.stride + u * s.dilation - s.padding, column = oj * s.stride + v * s.dilation - s.padding;
                if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
                float z[V];
                load<V>(image + ((i64)row * s.width + column) * s.channels, z);
#pragma unroll
                for (int k = 0; k < V; k++) sums[k] += z[k] * as_float(w[((i64)(c + k) * kernel + u) * kernel + v]);
            }
        store<V>(y + i * V, sums);
    }
}

template <typename T, int V> __device__ __forceinline__ void depthwise_back_any(const T *dy, const T *w, T *dx, Shape s, int kernel) {
    __shared__ float shared[64 * LANES * V];
    int taps = kernel * kernel, c0 = blockIdx.y * LANES * V, lane = threadIdx.x % LANES, c = c0 + lane * V;
    bool kept = taps <= 64;
    if (kept) share_weights(w, shared, taps, c0, LANES * V, s.channels, 0);
    if (c >= s.channels) return;
    i64 total = (i64)s.batch * s.height * s.width, per_block = blockDim.x / LANES;
    for (i64 t = (i64)blockIdx.x * per_block + threadIdx.x / LANES; t < total; t += (i64)gridDim.x * per_block) {
        i64 r = t;
        int column = (int)(r % s.width); r /= s.width;
        int row = (int)(r % s.height); r /= s.height;
        const T *image = dy + r * s.out_height * s.out_width * s.channels + c;
        float sums[V];
#pragma unroll
        for (int k = 0; k < V; k++) sums[k] = 0.0f;
        for (int u = 0; u < kernel; u++) {
            int top = row + s.padding - u * s.dilation;
            if (top < 0 || top % s.stride || top / s.stride >= s.out_height) continue;
            for (int v = 0; v < kernel; v++) {
                int left = column + s.padding - v * s.dilation;
                if (left < 0 || left % s.stride || left / s.stride >= s.out_width) continue;
                float g[V];
                load<V>(image + ((i64)(top / s.stride) * s.out_width + left / s.stride) * s.channels, g);
#pragma unroll
                for (int k = 0; k < V; k++)
                    sums[k] += g[k] * (kept ? shared[((u * kernel + v) * LANES + lane) * V + k]
                                            : as_float(w[(i64)(c + k) * taps + u * kernel + v]));
            }
        }
        store<V>(dx + t * s.channels + c, sums);
    }
}

// The gradient of one row u of the kernel (blockIdx.z) over a chunk of output rows (blockIdx.y): a thread owns
// V channels and every blockDim.y-th output row. partial: (chunk, K, K, C).
template <typename T, int V, int K, int S> __device__ __forceinline__ void depthwise_weight(const T *x, const T *dy, float *partial, Shape s) {
    __shared__ float shared[256 * V];
    int c = (blockIdx.x * blockDim.x + threadIdx.x) * V, u = blockIdx.z;
    float sums[K][V];
#pragma unroll
    for (int v = 0; v < K; v++)
#pragma unroll
        for (int k = 0; k < V; k++) sums[v][k] = 0.0f;
    i64 lines = (i64)s.batch * s.out_height;
    if (c < s.channels)
        for (i64 line = (i64)blockIdx.y * blockDim.y + threadIdx.y; line < lines; line += (i64)gridDim.y * blockDim.y) {
            int row = (int)(line % s.out_height) * S + u - s.padding;
            if (row < 0 || row >= s.height) continue;
            const T *from = x + ((line / s.out_height) * s.height + row) * (i64)s.width * s.channels + c;
            const T *over = dy + line * s.out_width * s.channels + c;
            // The window slides along the row: S new columns a step.
            float window[K][V];
#pragma unroll
            for (int v = 0; v < K; v++) {
                int column = v - s.padding;
                if (v < K - S && column >= 0 && column < s.width) load<V>(from + (i64)column * s.channels, window[v + S < K ? v + S : 0]);
                else if (v < K - S)
#pragma unroll
                    for (int k = 0; k < V; k++) window[v + S < K ? v + S : 0][k] = 0.0f;
            }
            for (int j = 0; j < s.out_width; j++) {
#pragma unroll
                for (int v = 0; v < K - S; v++)
#pragma unroll
                    for (int k = 0; k < V; k++) window[v][k] = window[v + S < K ? v + S : 0][k];
#pragma unroll
                for (int v = (K > S ? K - S : 0); v < K; v++) {
                    int column = j * S + v - s.padding;
                    if (column >= 0 && column < s.width) load<V>(from + (i64)column * s.channels, window[v]);
                    else
#pragma unroll
                        for (int k = 0; k < V; k++) window[v][k] = 0.0f;
                }
                float g[V];
                load<V>(over + (i64)j * s.channels, g);
#pragma unroll
                for (int v = 0; v < K; v++)
#pragma unroll
                    for (int k = 0; k < V; k++) sums[v][k] += g[k] * window[v][k];
            }
        }
    for (int v = 0; v < K; v++) {
        float *own = shared + (threadIdx.y * blockDim.x + threadIdx.x) * V;
        __syncthreads();
#pragma unroll
        for (int k = 0; k < V; k++) own[k] = sums[v][k];
        for (int half = blockDim.y / 2; half > 0; half /= 2) {
            __syncthreads();
            if (threadIdx.y < half)
#pragma unroll
                for (int k = 0; k < V; k++) own[k] += own[half * blockDim.x * V + k];
        }
        if (threadIdx.y == 0 && c < s.channels)
#pragma unroll
            for (int k = 0; k < V; k++) partial[(((i64)blockIdx.y * K + u) * K + v) * s.channels + c + k] = own[k];
    }
}

// Any kernel: one tap a block row (blockIdx.z).
template <typename T> __device__ __forceinline__ void depthwise_weight_any(const T *x, const T *dy, float *partial, Shape s, int kernel) {
    __shared__ float shared[256];
    int c = blockIdx.x * blockDim.x + threadIdx.x, u = blockIdx.z / kernel, v = blockIdx.z % kernel;
    float sum = 0.0f;
    i64 lines = (i64)s.batch * s.out_height;
    if (c < s.channels)
        for (i64 line = (i64)blockIdx.y * blockDim.y + threadIdx.y; line < lines; line += (i64)gridDim.y * blockDim.y) {
            int row = (int)(line % s.out_height) * s.stride + u * s.dilation - s.padding;
            if (row < 0 || row >= s.height) continue;
            const T *from = x + ((line / s.out_height) * s.height + row) * (i64)s.width * s.channels + c;
            for (int j = 0; j < s.out_width; j++) {
                int column = j * s.stride + v * s.dilation - s.padding;
                if (column < 0 || column >= s.width) continue;
                sum += as_float(dy[(line * s.out_width + j) * s.channels + c]) * as_float(from[(i64)column * s.channels]);
            }
        }
    float *own = shared + threadIdx.y * blockDim.x + threadIdx.x;
    *own = sum;
    for (int half = blockDim.y / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.y < half) *own += own[half * blockDim.x];
    }
    if (threadIdx.y == 0 && c < s.channels) partial[((i64)blockIdx.y * kernel * kernel + blockIdx.z) * s.channels + c] = *own;
}

#define SHAPE int batch, int height, int width, int out_height, int out_width, int channels, int stride_, int padding, int dilation
#define MADE Shape{batch, height, width, out_height, out_width, channels, stride_, padding, dilation}
#define KERNELS(T, V, s, K) \
    extern "C" __global__ void depthwise_k##K##s1_##s(const T *x, const T *w, const float *bias, T *y, SHAPE, int turned) { \
        depthwise<T, V, K, 1, 4>(x, w, bias, y, MADE, turned); } \
    extern "C" __global__ void depthwise_k##K##s2_##s(const T *x, const T *w, const float *bias, T *y, SHAPE, int turned) { \
        depthwise<T, V, K, 2, 2>(x, w, bias, y, MADE, turned); }
#define X(T, V, s) KERNELS(T, V, s, 3) KERNELS(T, V, s, 5) KERNELS(T, V, s, 7) \
    extern "C" __global__ void depthwise_any_##s(const T *x, const T *w, const float *bias, T *y, SHAPE, int kernel) { \
        depthwise_any<T, V>(x, w, bias, y, MADE, kernel); } \
    extern "C" __global__ void depthwise_back_any_##s(const T *dy, const T *w, T *dx, SHAPE, int kernel) { \
        depthwise_back_any<T, V>(dy, w, dx, MADE, kernel); }
FOR_WIDTHS(X)
#undef X

#define WEIGHTS(T, V, s, K) \
    extern "C" __global__ void depthwise_weight_k##K##s1_##s(const T *x, const T *dy, float *partial, SHAPE) { \
        depthwise_weight<T, V, K, 1>(x, dy, partial, MADE); } \
    extern "C" __global__ void depthwise_weight_k##K##s2_##s(const T *x, const T *dy, float *partial, SHAPE) { \
        depthwise_weight<T, V, K, 2>(x, dy, partial, MADE); }
#define Y(T, V, s) WEIGHTS(T, V, s, 3) WEIGHTS(T, V, s, 5) WEIGHTS(T, V, s, 7)
FOR_PAIRS(Y)

#define X(T, s) \
    extern "C" __global__ void depthwise_weight_any_##s(const T *x, const T *dy, float *partial, SHAPE, int kernel) { \
        depthwise_weight_any<T>(x, dy, partial, MADE, kernel); } \
    /* (chunk, tap, C) to (C, tap) */ \
    extern "C" __global__ void depthwise_weight_finish_##s(const float *partial, int chunks, int taps, int c, T *dw) { \
        int at = (int)first(); \
        if (at >= taps * c) return; \
        double total = 0.0; \
        for (int chunk = 0; chunk < chunks; chunk++) total += (double)partial[(i64)chunk * taps * c + at]; \
        put(dw + (i64)(at % c) * taps + at / c, (float)total); }
FOR_TYPES(X)
#undef X
