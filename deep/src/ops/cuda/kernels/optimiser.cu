// A step of the optimiser for all tensors in one launch, the bf16 copies of the weights included.
//
// `tensors` lists parameter, state, bf16 copy (0: none) and size; `pieces` cuts them into pieces of PIECE
// numbers, one a block; `steps` comes new with every step: the gradient (its lowest bit: bf16; 0: the tensor
// stays) and the factors of the tensor's group. Gradients are taken times `scale` and, where their norm is
// bounded, times clip[1]; nothing moves where that is not a number.

struct Tensor { u64 value, first, second, copy; i64 n; };
struct Step { u64 gradient; float keep, rate, root, none; };
struct Piece { int tensor, number; };
#define PIECE 8192

__device__ __forceinline__ float gradient_at(u64 pointer, i64 i) {
    return pointer & 1 ? as_float(((const bf16 *)(pointer & ~1ull))[i]) : ((const float *)pointer)[i];
}

// p <- keep p; m, v: moments; p <- p - rate m / (sqrt(v) / root + epsilon): I. Loshchilov, F. Hutter, arXiv 1711.05101.
extern "C" __global__ void adamw(const Tensor *tensors, const Step *steps, const Piece *pieces, const float *clip, float scale,
        float beta1, float beta2, float rest1, float rest2, float epsilon) {
    Piece piece = pieces[blockIdx.x];
    Tensor t = tensors[piece.tensor];
    Step s = steps[piece.tensor];
    if (!s.gradient) return;
    float *p = (float *)t.value, *m = (float *)t.first, *v = (float *)t.second;
    float factor = clip ? scale * clip[1] : scale;
    if (factor != factor) return;
    i64 end = min((i64)(piece.number + 1) * PIECE, t.n);
    for (i64 i = (i64)piece.number * PIECE + threadIdx.x; i < end; i += blockDim.x) {
        float g = gradient_at(s.gradient, i) * factor;
        float a = beta1 * m[i] + rest1 * g, b = beta2 * v[i] + rest2 * g * g;
        m[i] = a;
        v[i] = b;
        float z = p[i] * s.keep - s.rate * (a / (sqrtf(b) / s.root + epsilon));
        p[i] = z;
        if (t.copy) put((bf16 *)t.copy + i, z);
    }
}

// g <- g + decay p; u <- momentum u + g; p <- p - rate u (Nesterov: g + momentum u). `keep` holds the decay.
extern "C" __global__ void sgd(const Tensor *tensors, const Step *steps, const Piece *pieces, const float *clip, float scale,
        float momentum, int nesterov) {
    Piece piece = pieces[blockIdx.x];
    Tensor t = tensors[piece.tensor];
    Step s = steps[piece.tensor];
    if (!s.gradient) return;
    float *p = (float *)t.value, *b = (float *)t.first;
    float factor = clip ? scale * clip[1] : scale;
    if (factor != factor) return;
    i64 end = min((i64)(piece.number + 1) * PIECE, t.n);
    for (i64 i = (i64)piece.number * PIECE + threadIdx.x; i < end; i += blockDim.x) {
        float g = gradient_at(s.gradient, i) * factor + s.keep * p[i];
        if (b) {
            float z = momentum * b[i] + g;
            b[i] = z;
            g = nesterov ? g + momentum * z : z;
        }
        float z = p[i] - s.rate * g;
        p[i] = z;
        if (t.copy) put((bf16 *)t.copy + i, z);
    }
}

// Sum of squares of every piece's gradients.
extern "C" __global__ void squares(const Tensor *tensors, const Step *steps, const Piece *pieces, double *partial) {
    __shared__ double shared[256];
    Piece piece = pieces[blockIdx.x];
    u64 gradient = steps[piece.tensor].gradient;
    double sum = 0.0;
    if (gradient) {
        i64 end = min((i64)(piece.number + 1) * PIECE, tensors[piece.tensor].n);
        for (i64 i = (i64)piece.number * PIECE + threadIdx.x; i < end; i += 256) {
            float g = gradient_at(gradient, i);
            sum += (double)g * (double)g;
        }
    }
    shared[threadIdx.x] = sum;
    __syncthreads();
    for (int half = 128; half > 0; half /= 2) {
        if (threadIdx.x < half) shared[threadIdx.x] += shared[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) partial[blockIdx.x] = shared[0];
}

// norm[0]: the norm of all gradients times `scale`; norm[1]: what they are multiplied by so that it does not
// exceed `most`; not a number where the norm is not finite.
extern "C" __global__ void clip_norm(const double *partial, int pieces, float scale, float most, float epsilon, float *norm) {
    __shared__ double shared[256];
    double sum = 0.0;
    for (int i = threadIdx.x; i < pieces; i += 256) sum += partial[i];
    shared[threadIdx.x] = sum;
    __syncthreads();
    for (int half = 128; half > 0; half /= 2) {
        if (threadIdx.x < half) shared[threadIdx.x] += shared[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        double length = sqrt(shared[0]) * (double)scale;
        bool finite = length - length == 0.0;
        norm[0] = (float)length;
        norm[1] = finite ? (float)fmin(1.0, (double)most / (length + (double)epsilon)) : __uint_as_float(0x7fc00000u);
    }
}
