// Maximum and average over windows of channels-last images, and depthwise convolutions.

struct Window { int height, width, out_height, out_width, channels, kernel, stride, padding, dilation; };

// Maximum with its position in the window; the first of equals wins, a NaN wins and stays.
template <typename T, int V> __device__ __forceinline__ void max_pool(const T *x, T *y, u8 *winner, i64 n, Window w) {
    int packs = w.channels / V;
    for (i64 i = first(); i < n; i += stride()) {
        i64 r = i;
        int c = (int)(r % packs) * V; r /= packs;
        int oj = (int)(r % w.out_width); r /= w.out_width;
        int oi = (int)(r % w.out_height); r /= w.out_height;
        const T *image = x + r * w.height * w.width * w.channels + c;
        float best[V];
        u8 at[V];
        bool any = false;
        for (int u = 0; u < w.kernel; u++) {
            int row = oi * w.stride + u - w.padding;
            if (row < 0 || row >= w.height) continue;
            for (int v = 0; v < w.kernel; v++) {
                int column = oj * w.stride + v - w.padding;
                if (column < 0 || column >= w.width) continue;
                float z[V];
                load<V>(image + ((i64)row * w.width + column) * w.channels, z);
#pragma unroll
                for (int k = 0; k < V; k++)
                    if (!any || z[k] > best[k] || z[k] != z[k]) { best[k] = z[k]; at[k] = (u8)(u * w.kernel + v); }
                any = true;
            }
        }
        store<V>(y + i * V, best);
#pragma unroll
        for (int k = 0; k < V; k++) winner[i * V + k] = at[k];
    }
}

// Every input pixel collects from the windows that it has won, in their order.
template <typename T, int V> __device__ __forceinline__ void max_pool_back(const T *dy, const u8 *winner, T *dx, i64 n, Window w) {
    int packs = w.channels / V;
    for (i64 i = first(); i < n; i += stride()) {
        i64 r = i;
        int c = (int)(r % packs) * V; r /= packs;
        int column = (int)(r % w.width); r /= w.width;
        int row = (int)(r % w.height); r /= w.height;
        i64 image = r * w.out_height * w.out_width;
        float sums[V];
#pragma unroll
        for (int k = 0; k < V; k++) sums[k] = 0.0f;
        for (int u = w.kernel - 1; u >= 0; u--) {
            int top = row + w.padding - u;
            if (top < 0 || top % w.stride) continue;
            int oi = top / w.stride;
            if (oi >= w.out_height) continue;
            for (int v = w.kernel - 1; v >= 0; v--) {
                int left = column + w.padding - v;
                if (left < 0 || left % w.stride) continue;
                int oj = left / w.stride;
                if (oj >= w.out_width) continue;
                i64 at = (image + (i64)oi * w.out_width + oj) * w.channels + c;
                float g[V];
                load<V>(dy + at, g);
#pragma unroll
                for (int k = 0; k < V; k++)
                    if (winner[at + k] == (u8)(u * w.kernel + v)) sums[k] += g[k];
            }
        }
        store<V>(dx + i * V, sums);
    }
}

// Range of a window of adaptive average pooling.
__device__ __forceinline__ int from(int i, int input, int output) { return (int)((i64)i * input / output); }
__device__ __forceinline__ int until(int i, int input, int output) { return (int)(((i64)(i + 1) * input + output - 1) / output); }

template <typename T, int V> __device__ __forceinline__ void adaptive(const T *x, T *y, i64 n, Window w) {
    int packs = w.channels / V;
    for (i64 i = first(); i < n; i += stride()) {
        i64 r = i;
        int c = (int)(r % packs) * V; r /= packs;
        int oj = (int)(r % w.out_width); r /= w.out_width;
        int oi = (int)(r % w.out_height); r /= w.out_height;
        const T *image = x + r * w.height * w.width * w.channels + c;
        float sums[V];
#pragma unroll
        for (int k = 0; k < V; k++) sums[k] = 0.0f;
        int r0 = from(oi, w.height, w.out_height), r1 = until(oi, w.height, w.out_height);
        int c0 = from(oj, w.width, w.out_width), c1 = until(oj, w.width, w.out_width);
        for (int row = r0; row < r1; row++)
            for (int column = c0; column < c1; column++) {
                float z[V];
                load<V>(image + ((i64)row * w.width + column) * w.channels, z);
#pragma unroll
                for (int k = 0; k < V; k++) sums[k] += z[k];
            }
        float count = (float)((r1 - r0) * (c1 - c0));
#pragma unroll
        for (int k = 0; k < V; k++) sums[k] /= count;
        store<V>(y + i * V, sums);
    }
}

template <typename T, int V> __device__ __forceinline__ void adaptive_back(const T *dy, T *dx, i64 n, Window w) {
    int packs = w.channels / V;
    for (i64 i = first(); i < n; i += stride()) {
        i64 r = i;
        int c = (int)(r % packs) * V; r /= packs;
        int column = (int)(r % w.width); r /= w.width;
        int row = (int)(r % w.height); r /= w.height;
        i64 image = r * w.out_height * w.out_width;
        float sums[V];
#pragma unroll
        for (int k = 0; k < V; k++) sums[k] = 0.0f;
        // The first window that can hold a pixel, then on while one does.
        for (int oi = (int)((i64)row * w.out_height / w.height); oi >= 0 && oi < w.out_height && from(oi, w.height, w.out_height) <= row; oi++) {
            if (until(oi, w.height, w.out_height) <= row) continue;
            for (int oj = (int)((i64)column * w.out_width / w.width); oj < w.out_width && from(oj, w.width, w.out_width) <= column; oj++) {
                if (until(oj, w.width, w.out_width) <= column) continue;
                float count = (float)((until(oi, w.height, w.out_height) - from(oi, w.height, w.out_height)) *
                                      (until(oj, w.width, w.out_width) - from(oj, w.width, w.out_width)));
                float g[V];
                load<V>(dy + (image + (i64)oi * w.out_width + oj) * w.channels + c, g);
#pragma unroll
                for (int k = 0; k < V; k++) sums[k] += g[k] / count;
            }
        }
        store<V>(dx + i * V, sums);
    }
}

// Average over windows; the padding counts as zeros.
template <typename T, int V> __device__ __forceinline__ void average(const T *x, T *y, i64 n, Window w) {
    int packs = w.channels / V;
    for (i64 i = first(); i < n; i += stride()) {
        i64 r = i;
        int c = (int)(r % packs) * V; r /= packs;
        int oj = (int)(r % w.out_width); r /= w.out_width;
        int oi = (int)(r % w.out_height); r /= w.out_height;
        const T *image = x + r * w.height * w.width * w.channels + c;
        float sums[V];
#pragma unroll
        for (int k = 0; k < V; k++) sums[k] = 0.0f;
        for (int u = 0; u < w.kernel; u++)
            for (int v = 0; v < w.kernel; v++) {
                int row = oi * w.stride + u - w.padding, column = oj * w.stride + v - w.padding;
                if (row < 0 || row >= w.height || column < 0 || column >= w.width) continue;
                float z[V];
                load<V>(image + ((i64)row * w.width + column) * w.channels, z);
#pragma unroll
                for (int k = 0; k < V; k++) sums[k] += z[k];
            }
#pragma unroll
        for (int k = 0; k < V; k++) sums[k] /= (float)(w.kernel * w.kernel);
        store<V>(y + i * V, sums);
    }
}

template <typename T, int V> __device__ __forceinline__ void average_back(const T *dy, T *dx, i64 n, Window w) {
    int packs = w.channels / V;
    for (i64 i = first(); i < n; i += stride()) {
        i64 r = i;
        int c = (int)(r % packs) * V; r /= packs;
        int column = (int)(r % w.width); r /= w.width;
        int row = (int)(r % w.height); r /= w.height;
        i64 image = r * w.out_height * w.out_width;
        float sums[V];
#pragma unroll
        for (int k = 0; k < V; k++) sums[k] = 0.0f;
        for (int u = 0; u < w.kernel; u++)
            for (int v = 0; v < w.kernel; v++) {
                int top = row + w.padding - u, left = column + w.padding - v;
                if (top < 0 || top % w.stride || left < 0 || left % w.stride) continue;
                int oi = top / w.stride, oj = left / w.stride;
                if (oi >= w.out_height || oj >= w.out_width) continue;
                float g[V];
                load<V>(dy + (image + (i64)oi * w.out_width + oj) * w.channels + c, g);
#pragma unroll
                for (int k = 0; k < V; k++) sums[k] += g[k] / (float)(w.kernel * w.kernel);
            }
        store<V>(dx + i * V, sums);
    }
}

#define WINDOW int height, int width, int out_height, int out_width, int channels, int kernel, int stride_, int padding, int dilation
#define MADE Window{height, width, out_height, out_width, channels, kernel, stride_, padding, dilation}
#define X(T, V, s) \
    extern "C" __global__ void max_pool_##s(const T *x, T *y, u8 *winner, i64 n, WINDOW) { max_pool<T, V>(x, y, winner, n, MADE); } \
    extern "C" __global__ void max_pool_back_##s(const T *dy, const u8 *winner, T *dx, i64 n, WINDOW) { \
        max_pool_back<T, V>(dy, winner, dx, n, MADE); } \
    extern "C" __global__ void adaptive_##s(const T *x, T *y, i64 n, WINDOW) { adaptive<T, V>(x, y, n, MADE); } \
    extern "C" __global__ void adaptive_back_##s(const T *dy, T *dx, i64 n, WINDOW) { adaptive_back<T, V>(dy, dx, n, MADE); } \
    extern "C" __global__ void average_##s(const T *x, T *y, i64 n, WINDOW) { \
        average<T, V>(x, y, n, MADE); } \
    extern "C" __global__ void average_back_##s(const T *dy, T *dx, i64 n, WINDOW) { \
        average_back<T, V>(dy, dx, n, MADE); }
FOR_WIDTHS(X)
#undef X
