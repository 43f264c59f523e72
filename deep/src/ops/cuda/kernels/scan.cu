// Selective scan: A. Gu, T. Dao, arXiv 2312.00752, algorithm 2, for K directions over one set of tokens.
//
//   D_t = softplus(pre_t + f b), h_t = exp(D_t A) h_{t-1} + D_t B_t u_t, y_t = C_t h_t + D u_t, A = -exp(A_log)
//
// u, y: (N, L, E); pre: (N, L, K, E), f32 (the step's projection); projected: (N, L, K, R + 2 S), of which
// the last 2 S numbers of a direction are B and C; order: (K, L), the token of each time.
//
// Forward: a thread owns a channel with its S states and walks along the tokens; the states before every
// CHUNK-th time are kept. Back: a thread owns one state of one channel; it computes the states of a chunk
// again from those kept, last chunk first. What the directions give lies apart and is added up afterwards,
// and so is what the channels give to the gradients of B and C: no sum depends on who comes first.

#define CHUNK 16
#define LOG2E 1.44269504088896341f

struct Sizes { int tokens, channels, directions, rank, kept; float bias_factor; };

__device__ __forceinline__ float softplus(float x) { return x > 20.0f ? x : log1pf(expf(x)); }

// Blocks of 128 channels (x), directions (y), samples (z). ys: (N, L, K, E); states: (N, K, chunks, E, S) or null.
template <typename T, int S> __device__ __forceinline__ void scan(const T *u, const float *pre, const T *projected, const float *a_log,
        const float *bias, const float *skip, const u32 *order, T *ys, float *states, Sizes z) {
    __shared__ float shared[CHUNK][2 * S];
    __shared__ int tokens[CHUNK];
    int e = blockIdx.x * 128 + threadIdx.x, k = blockIdx.y, n = blockIdx.z, row = z.rank + 2 * S;
    bool active = e < z.channels;
    int channel = k * z.channels + (active ? e : 0);
    float a[S], h[S];
#pragma unroll
    for (int s = 0; s < S; s++) {
        a[s] = -expf(a_log[(i64)channel * S + s]) * LOG2E;
        h[s] = 0.0f;
    }
    float b = bias[channel] * z.bias_factor, d = skip[channel];
    int chunks = (z.tokens + CHUNK - 1) / CHUNK;
    for (int chunk = 0; chunk < chunks; chunk++) {
        int t0 = chunk * CHUNK, count = min(CHUNK, z.tokens - t0);
        __syncthreads();
        if (threadIdx.x < count) tokens[threadIdx.x] = (int)order[(i64)k * z.tokens + t0 + threadIdx.x];
        __syncthreads();
        for (int i = threadIdx.x; i < count * 2 * S; i += 128) {
            int t = i / (2 * S), q = i % (2 * S);
            shared[t][q] = as_float(projected[(((i64)n * z.tokens + tokens[t]) * z.directions + k) * row + z.rank + q]);
        }
        __syncthreads();
        if (!active) continue;
        if (states) {
            float *to = states + ((((i64)n * z.directions + k) * chunks + chunk) * z.channels + e) * S;
#pragma unroll
            for (int s = 0; s < S / 4; s++) ((float4 *)to)[s] = make_float4(h[4 * s], h[4 * s + 1], h[4 * s + 2], h[4 * s + 3]);
        }
#pragma unroll 4
        for (int t = 0; t < count; t++) {
            i64 token = (i64)n * z.tokens + tokens[t];
            float x = as_float(u[token * z.channels + e]);
            float delta = softplus(pre[(token * z.directions + k) * z.channels + e] + b);
            float moved = delta * x, y = d * x;
#pragma unroll
            for (int s = 0; s < S; s++) {
                h[s] = exp2f(delta * a[s]) * h[s] + moved * shared[t][s];
                y += h[s] * shared[t][S + s];
            }
            put(ys + (token * z.directions + k) * z.channels + e, y);
        }
    }
}

// v[j] of every lane of a group of S, added over the lanes; lane l gets the sum of v[l] in v[0].
template <int S> __device__ __forceinline__ void gather_sums(float *v, int lane) {
#pragma unroll
    for (int d = S / 2; d > 0; d /= 2)
#pragma unroll
        for (int j = 0; j < d; j++) {
            bool high = lane & d;
            float sent = high ? v[j] : v[j + d], own = high ? v[j + d] : v[j];
            v[j] = own + __shfl_xor_sync(0xffffffffu, sent, d);
        }
}

// Blocks of 256 threads: 256 / S channels by S states; x: groups of channels, y: directions, z: samples.
// dus, dpre: (N, L, K, E); parts: (groups, N, L, K, 2 S); da: (N, K, E, S); dskip: (N, K, E).
template <typename T, int S> __device__ __forceinline__ void scan_back(const T *u, const float *pre, const T *projected, const float *a_log,
        const float *bias, const float *skip, const u32 *order, const float *states, const T *dy, T *dus, T *dpre, float *parts,
        float *da, float *dskip, Sizes z) {
    const int E = 256 / S, WARPS = 8;
    __shared__ float deltas[CHUNK][E], slopes[CHUNK][E], inputs[CHUNK][E], grads[CHUNK][E], bc[CHUNK][2 * S];
    __shared__ float sums[2][WARPS][CHUNK][S];
    __shared__ int tokens[CHUNK];
    int lane = threadIdx.x % S, own = threadIdx.x / S, warp = threadIdx.x / 32;
    int e = blockIdx.x * E + own, k = blockIdx.y, n = blockIdx.z, row = z.rank + 2 * S;
    bool active = e < z.channels;
    int channel = k * z.channels + (active ? e : 0);
    // How channels and times are shared out when numbers are fetched and stored: neighbours are channels.
    int fetch_e = threadIdx.x % E, fetch_t = threadIdx.x / E, fetched = blockIdx.x * E + fetch_e;
    float fetch_bias = fetched < z.channels ? bias[k * z.channels + fetched] * z.bias_factor : 0.0f;
    float a = -expf(a_log[(i64)channel * S + lane]), a2 = a * LOG2E, d = skip[channel];
    float dh = 0.0f, d_a = 0.0f, d_skip = 0.0f;
    int chunks = (z.tokens + CHUNK - 1) / CHUNK;
    for (int chunk = chunks - 1; chunk >= 0; chunk--) {
        int t0 = chunk * CHUNK, count = min(CHUNK, z.tokens - t0);
        __syncthreads();
        if (threadIdx.x < count) tokens[threadIdx.x] = (int)order[(i64)k * z.tokens + t0 + threadIdx.x];
        __syncthreads();
        for (int t = fetch_t; t < CHUNK; t += S) {
            float delta = 0.0f, slope_ = 0.0f, x = 0.0f, g = 0.0f;
            if (t < count && fetched < z.channels) {
                i64 token = (i64)n * z.tokens + tokens[t];
                float p = pre[(token * z.directions + k) * z.channels + fetched] + fetch_bias;
                delta = softplus(p);
                slope_ = p > 20.0f ? 1.0f : sigmoid(p);
                x = as_float(u[token * z.channels + fetched]);
                g = as_float(dy[token * z.channels + fetched]);
            }
            deltas[t][fetch_e] = delta; slopes[t][fetch_e] = slope_; inputs[t][fetch_e] = x; grads[t][fetch_e] = g;
        }
        for (int i = threadIdx.x; i < CHUNK * 2 * S; i += 256) {
            int t = i / (2 * S), q = i % (2 * S);
            bc[t][q] = t < count ? as_float(projected[(((i64)n * z.tokens + tokens[t]) * z.directions + k) * row + z.rank + q]) : 0.0f;
        }
        __syncthreads();
        float h = active ? states[((((i64)n * z.directions + k) * chunks + chunk) * z.channels + e) * S + lane] : 0.0f;
        // Times beyond the end have step 0: states stay, and nothing is added.
        float before[CHUNK], decay[CHUNK], to_delta[CHUNK], to_u[CHUNK];
#pragma unroll
        for (int t = 0; t < CHUNK; t++) {
            before[t] = h;
            decay[t] = exp2f(deltas[t][own] * a2);
            h = decay[t] * h + deltas[t][own] * inputs[t][own] * bc[t][lane];
        }
#pragma unroll
        for (int t = CHUNK - 1; t >= 0; t--) {
            float delta = deltas[t][own], x = inputs[t][own], g = grads[t][own], b = bc[t][lane];
            float after = t == CHUNK - 1 ? h : before[t + 1 < CHUNK ? t + 1 : t];
            dh += g * bc[t][S + lane];
            float d_decay = dh * before[t] * decay[t], d_b = dh * delta * x, d_c = g * after;
            to_delta[t] = d_decay * a + dh * x * b;
            to_u[t] = dh * delta * b;
            d_a += d_decay * delta;
            d_skip += g * x;
            dh *= decay[t];
            // Over the channels of the warp, then over the warps.
            for (int o = S; o < 32; o *= 2) {
                d_b += __shfl_xor_sync(0xffffffffu, d_b, o);
                d_c += __shfl_xor_sync(0xffffffffu, d_c, o);
            }
            if ((threadIdx.x & 31) < S) {
                sums[0][warp][t][lane] = d_b;
                sums[1][warp][t][lane] = d_c;
            }
        }
#pragma unroll
        for (int half = 0; half < CHUNK; half += S) {
            gather_sums<S>(to_delta + half, lane);
            gather_sums<S>(to_u + half, lane);
        }
        __syncthreads();
        // Each lane holds the sums of time `half + lane`: handed over so that neighbours store neighbours.
#pragma unroll
        for (int half = 0; half < CHUNK; half += S) {
            int t = half + lane;
            grads[t][own] = to_u[half] + d * grads[t][own];
            deltas[t][own] = to_delta[half] * slopes[t][own];
        }
        __syncthreads();
        for (int t = fetch_t; t < count; t += S)
            if (fetched < z.channels) {
                i64 at = (((i64)n * z.tokens + tokens[t]) * z.directions + k) * z.channels + fetched;
                put(dus + at, grads[t][fetch_e]);
                put(dpre + at, deltas[t][fetch_e]);
            }
        for (int i = threadIdx.x; i < count * 2 * S; i += 256) {
            int t = i / (2 * S), q = i % (2 * S);
            float total = 0.0f;
            for (int w = 0; w < WARPS; w++) total += sums[q / S][w][t][q % S];
            parts[((((i64)blockIdx.x * gridDim.z + n) * z.tokens + tokens[t]) * z.directions + k) * 2 * S + q] = total;
        }
    }
    if (active) {
        i64 at = ((i64)n * z.directions + k) * z.channels + e;
        da[at * S + lane] = d_a * a;
        if (lane == 0) dskip[at] = d_skip;
    }
}

// y[n, t, e] = sum over k of x[n, t, k, e].
template <typename T, int V> __device__ __forceinline__ void add_directions(const T *x, T *y, i64 n, int directions, int c) {
    for (i64 i = first(); i < n / V; i += stride()) {
        i64 token = i * V / c;
        int at = (int)(i * V - token * c);
        float sums[V];
#pragma unroll
        for (int q = 0; q < V; q++) sums[q] = 0.0f;
        for (int k = 0; k < directions; k++) {
            float v[V];
            load<V>(x + (token * directions + k) * c + at, v);
#pragma unroll
            for (int q = 0; q < V; q++) sums[q] += v[q];
        }
        store<V>(y + i * V, sums);
    }
}

#define SIZES int tokens, int channels, int directions, int rank, float bias_factor
#define MADE Sizes{tokens, channels, directions, rank, 0, bias_factor}
#define SCAN(T, s, S) \
    extern "C" __global__ void __launch_bounds__(128) scan##S##_##s(const T *u, const float *pre, const T *projected, const float *a_log, \
            const float *bias, const float *skip, const u32 *order, T *ys, float *states, SIZES) { \
        scan<T, S>(u, pre, projected, a_log, bias, skip, order, ys, states, MADE); } \
    extern "C" __global__ void __launch_bounds__(256) scan##S##_back_##s(const T *u, const float *pre, const T *projected, const float *a_log, \
            const float *bias, const float *skip, const u32 *order, const float *states, const T *dy, T *dus, T *dpre, float *parts, \
            float *da, float *dskip, SIZES) { \
        scan_back<T, S>(u, pre, projected, a_log, bias, skip, order, states, dy, dus, dpre, parts, da, dskip, MADE); }
#define X(T, s) SCAN(T, s, 8) SCAN(T, s, 16) \
    /* the groups' parts of dB and dC, added in order, into their places in (N L K, R + 2 S) */ \
    extern "C" __global__ void scan_parts_##s(const float *parts, T *to, i64 n, int groups, int rank, int twice) { \
        for (i64 i = first(); i < n; i += stride()) { \
            float total = 0.0f; \
            for (int g = 0; g < groups; g++) total += parts[(i64)g * n + i]; \
            put(to + i / twice * (rank + twice) + rank + i % twice, total); } }
FOR_TYPES(X)
#undef X
#define X(T, V, s) \
    extern "C" __global__ void add_directions_##s(const T *x, T *y, i64 n, int directions, int c) { add_directions<T, V>(x, y, n, directions, c); }
FOR_WIDTHS(X)
#undef X
