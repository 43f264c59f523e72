// Images cut into windows and put together again, for convolutions that are matrix products with that:
// columns (N H' W', G, K, K', C / G) of images (N, H, W, C).

struct Cut { int height, width, out_height, out_width, channels, groups, kernel_height, kernel_width, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w; };

template <typename T, int V> __device__ __forceinline__ void cut(const T *x, T *columns, i64 n, Cut s) {
    int seen = s.channels / s.groups, packs = seen / V;
    for (i64 i = first(); i < n; i += stride()) {
        i64 r = i;
        int c = (int)(r % packs) * V; r /= packs;
        int v = (int)(r % s.kernel_width); r /= s.kernel_width;
        int u = (int)(r % s.kernel_height); r /= s.kernel_height;
        int g = (int)(r % s.groups); r /= s.groups;
        int oj = (int)(r % s.out_width); r /= s.out_width;
        int oi = (int)(r % s.out_height); r /= s.out_height;
        int row = oi * s.stride_h + u * s.dilation_h - s.pad_h, column = oj * s.stride_w + v * s.dilation_w - s.pad_w;
        float z[V];
#pragma unroll
        for (int k = 0; k < V; k++) z[k] = 0.0f;
        if (row >= 0 && row < s.height && column >= 0 && column < s.width)
            load<V>(x + ((r * s.height + row) * s.width + column) * s.channels + g * seen + c, z);
        store<V>(columns + i * V, z);
    }
}

// Every pixel collects from the windows that hold it, in their order.
template <typename T, int V> __device__ __forceinline__ void join(const T *columns, T *dx, i64 n, Cut s) {
    int seen = s.channels / s.groups, packs = s.channels / V;
    for (i64 i = first(); i < n; i += stride()) {
        i64 r = i;
        int c = (int)(r % packs) * V; r /= packs;
        int column = (int)(r % s.width); r /= s.width;
        int row = (int)(r % s.height); r /= s.height;
        int g = c / seen;
        float sums[V];
#pragma unroll
        for (int k = 0; k < V; k++) sums[k] = 0.0f;
        for (int u = 0; u < s.kernel_height; u++) {
            int top = row + s.pad_h - u * s.dilation_h;
            if (top < 0 || top % s.stride_h || top / s.stride_h >= s.out_height) continue;
            for (int v = 0; v < s.kernel_width; v++) {
                int left = column + s.pad_w - v * s.dilation_w;
                if (left < 0 || left % s.stride_w || left / s.stride_w >= s.out_width) continue;
                i64 line = (r * s.out_height + top / s.stride_h) * s.out_width + left / s.stride_w;
                float z[V];
                load<V>(columns + (((line * s.groups + g) * s.kernel_height + u) * s.kernel_width + v) * seen + c - g * seen, z);
#pragma unroll
                for (int k = 0; k < V; k++) sums[k] += z[k];
            }
        }
        store<V>(dx + i * V, sums);
    }
}

#define CUT int height, int width, int out_height, int out_width, int channels, int groups, int kernel_height, int kernel_width, \
        int stride_h, int stride_w, int pad_h, int pad_w, int dilation_h, int dilation_w
#define MADE Cut{height, width, out_height, out_width, channels, groups, kernel_height, kernel_width, \
        stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w}
#define X(T, V, s) \
    extern "C" __global__ void cut_##s(const T *x, T *columns, i64 n, CUT) { cut<T, V>(x, columns, n, MADE); } \
    extern "C" __global__ void join_##s(const T *columns, T *dx, i64 n, CUT) { join<T, V>(columns, dx, n, MADE); }
FOR_WIDTHS(X)
#undef X
