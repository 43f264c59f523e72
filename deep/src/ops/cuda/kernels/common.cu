// What every kernel file begins with. No host headers: the run-time compiler has none.
//
// Numbers are computed in float and stored as float or bf16. Memory is touched in packs of V numbers
// (V = 8 where channels allow it: 16 bytes of bf16; else 1).

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

// The upper half of a float.
struct bf16 { u16 bits; };

__device__ __forceinline__ float as_float(float x) { return x; }
__device__ __forceinline__ float as_float(bf16 x) { return __uint_as_float(((u32)x.bits) << 16); }

#define LEAST __uint_as_float(0xff800000u) // minus infinity

// Two floats as two bf16, rounded to nearest even; `low` comes first in memory.
__device__ __forceinline__ u32 pack_bf16(float low, float high) {
#ifdef __CUDA_ARCH__
    u32 both;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
    return both;
#else
    return emulated_bf16(low) | (emulated_bf16(high) << 16);
#endif
}

__device__ __forceinline__ void put(float *to, float x) { *to = x; }
__device__ __forceinline__ void put(bf16 *to, float x) { to->bits = (u16)pack_bf16(x, 0.0f); }

template <int V> __device__ __forceinline__ void load(const float *from, float *x) {
    if (V % 4 == 0) {
#pragma unroll
        for (int i = 0; i < V / 4; i++) {
            float4 q = ((const float4 *)from)[i];
            x[4 * i] = q.x; x[4 * i + 1] = q.y; x[4 * i + 2] = q.z; x[4 * i + 3] = q.w;
        }
    } else {
#pragma unroll
        for (int i = 0; i < V; i++) x[i] = from[i];
    }
}

__device__ __forceinline__ void unpack(u32 both, float *x) {
    x[0] = __uint_as_float(both << 16);
    x[1] = __uint_as_float(both & 0xffff0000u);
}

template <int V> __device__ __forceinline__ void load(const bf16 *from, float *x) {
    if (V % 8 == 0) {
#pragma unroll
        for (int i = 0; i < V / 8; i++) {
            uint4 q = ((const uint4 *)from)[i];
            unpack(q.x, x + 8 * i); unpack(q.y, x + 8 * i + 2);
            unpack(q.z, x + 8 * i + 4); unpack(q.w, x + 8 * i + 6);
        }
    } else if (V % 2 == 0) {
#pragma unroll
        for (int i = 0; i < V / 2; i++) unpack(((const u32 *)from)[i], x + 2 * i);
    } else {
#pragma unroll
        for (int i = 0; i < V; i++) x[i] = as_float(from[i]);
    }
}

template <int V> __device__ __forceinline__ void store(float *to, const float *x) {
    if (V % 4 == 0) {
#pragma unroll
        for (int i = 0; i < V / 4; i++)
            ((float4 *)to)[i] = make_float4(x[4 * i], x[4 * i + 1], x[4 * i + 2], x[4 * i + 3]);
    } else {
#pragma unroll
        for (int i = 0; i < V; i++) to[i] = x[i];
    }
}

template <int V> __device__ __forceinline__ void store(bf16 *to, const float *x) {
    if (V % 8 == 0) {
#pragma unroll
        for (int i = 0; i < V / 8; i++) {
            uint4 q;
            q.x = pack_bf16(x[8 * i], x[8 * i + 1]); q.y = pack_bf16(x[8 * i + 2], x[8 * i + 3]);
            q.z = pack_bf16(x[8 * i + 4], x[8 * i + 5]); q.w = pack_bf16(x[8 * i + 6], x[8 * i + 7]);
            ((uint4 *)to)[i] = q;
        }
    } else if (V % 2 == 0) {
#pragma unroll
        for (int i = 0; i < V / 2; i++) ((u32 *)to)[i] = pack_bf16(x[2 * i], x[2 * i + 1]);
    } else {
#pragma unroll
        for (int i = 0; i < V; i++) put(to + i, x[i]);
    }
}

// Position of this thread in the whole grid, and the number of threads in it.
__device__ __forceinline__ i64 first() { return (i64)blockIdx.x * blockDim.x + threadIdx.x; }
__device__ __forceinline__ i64 stride() { return (i64)gridDim.x * blockDim.x; }

// Sum over the 32 lanes of a warp; every lane gets it. The order is fixed.
__device__ __forceinline__ float warp_sum(float x) {
#pragma unroll
    for (int d = 16; d > 0; d >>= 1) x += __shfl_xor_sync(0xffffffffu, x, d);
    return x;
}
__device__ __forceinline__ float warp_max(float x) {
#pragma unroll
    for (int d = 16; d > 0; d >>= 1) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, d));
    return x;
}

// The sum of numbers[k * step] over k below `count`, in double: eight threads (y) take turns at those of one
// place (x), and their sums are added in order. For blocks of 32 x 8 threads; row y = 0 gets the sum.
__device__ __forceinline__ double turns_sum(const float *numbers, int count, i64 step, bool active) {
    __shared__ double shared[8][32];
    double total = 0.0;
    if (active) {
#pragma unroll 4
        for (int k = threadIdx.y; k < count; k += 8) total += (double)numbers[k * step];
    }
    __syncthreads();
    shared[threadIdx.y][threadIdx.x] = total;
    __syncthreads();
    if (threadIdx.y == 0) {
        total = 0.0;
        for (int y = 0; y < 8; y++) total += shared[y][threadIdx.x];
    }
    return total;
}

// Pointwise functions, in the numbering of the Rust side.
enum { IDENTITY = 0, RELU = 1, HARDSWISH = 2, HARDSIGMOID = 3, GELU = 4, GELU_TANH = 5, SILU = 6 };

__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

__device__ __forceinline__ float act(int kind, float x) {
    switch (kind) {
    case RELU: return x < 0.0f ? 0.0f : x;
    case HARDSWISH: return x * fminf(fmaxf(x + 3.0f, 0.0f), 6.0f) * (1.0f / 6.0f);
    case HARDSIGMOID: return fminf(fmaxf(x + 3.0f, 0.0f), 6.0f) * (1.0f / 6.0f);
    case GELU: return 0.5f * x * (1.0f + erff(x * 0.70710678118654752f));
    case GELU_TANH: return 0.5f * x * (1.0f + tanhf(0.79788456080286536f * (x + 0.044715f * x * x * x)));
    case SILU: return x * sigmoid(x);
    default: return x;
    }
}

__device__ __forceinline__ float slope(int kind, float x) {
    switch (kind) {
    case RELU: return x > 0.0f ? 1.0f : 0.0f;
    case HARDSWISH: return x < -3.0f ? 0.0f : (x > 3.0f ? 1.0f : x * (1.0f / 3.0f) + 0.5f);
    case HARDSIGMOID: return x > -3.0f && x < 3.0f ? 1.0f / 6.0f : 0.0f;
    case GELU: return 0.5f * (1.0f + erff(x * 0.70710678118654752f)) + x * 0.39894228040143268f * expf(-0.5f * x * x);
    case GELU_TANH: {
        float t = tanhf(0.79788456080286536f * (x + 0.044715f * x * x * x));
        return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * 0.79788456080286536f * (1.0f + 3.0f * 0.044715f * x * x);
    }
    case SILU: { float s = sigmoid(x); return s * (1.0f + x * (1.0f - s)); }
    default: return 1.0f;
    }
}

// A file is compiled for one type at a time, so that nobody waits for the other.
#if defined(ONLY_FLOAT)
#define FOR_TYPES(X) X(float, f)
#define FOR_WIDTHS(X) X(float, 8, f8) X(float, 1, f1)
#define FOR_PAIRS(X) X(float, 2, f2) X(float, 1, f1)
#elif defined(ONLY_BF16)
#define FOR_TYPES(X) X(bf16, b)
#define FOR_WIDTHS(X) X(bf16, 8, b8) X(bf16, 1, b1)
#define FOR_PAIRS(X) X(bf16, 2, b2) X(bf16, 1, b1)
#else
#define FOR_TYPES(X) X(float, f) X(bf16, b)
#define FOR_WIDTHS(X) X(float, 8, f8) X(float, 1, f1) X(bf16, 8, b8) X(bf16, 1, b1)
#define FOR_PAIRS(X) X(float, 2, f2) X(float, 1, f1) X(bf16, 2, b2) X(bf16, 1, b1)
#endif
