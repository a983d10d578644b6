using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Threading;

namespace Helios.Sdk.Cpu.Model;

/// <summary>
/// A matrix product cut into items of some row blocks by some columns. Items next to each other share weights, so that
/// these come from memory once for the whole step.
/// </summary>
internal sealed unsafe class MatMulWork(CpuKernels kernels, WorkerPool pool) : IParallelWork
{
    // Some microseconds of work each: 8 blocks x 768 columns in bf16 are 192 KiB of weights. Fewer where threads would go
    // without; a multiple of the 4 that a single column goes over at a time.
    private const int LeastBlocksPerItem = 4;
    private const int MostBlocksPerItem = 8;
    private const int ColumnsPerItem = 64;
    private const int InlineProducts = 1 << 16;

    private readonly ActivationWork activations = new(kernels, pool);
    private PackedMatrix? matrix;
    private float* x;
    private float* y;
    private nint ldx;
    private nint ldy;
    private int columns;
    private int firstBlock;
    private int endBlock;
    private int blocksPerItem;
    private int chunks;
    private int columnTiles;

    /// <summary>
    /// Computes row blocks of a matrix for all columns; see <see cref="CpuKernels.Multiply"/>. Where the matrix is quantised,
    /// the input is turned into integers in its place: it is spent.
    /// </summary>
    public void Run(PackedMatrix weights, float* input, nint inputStride, float* output, nint outputStride, int columnCount, int first = 0, int end = int.MaxValue)
    {
        if (weights.Quantised) activations.Run(weights, input, inputStride, columnCount);
        (matrix, columns) = (weights, columnCount);
        x = input;
        y = output;
        (ldx, ldy) = (inputStride, outputStride);
        (firstBlock, endBlock) = (first, Math.Min(end, weights.Blocks));
        var blocks = endBlock - firstBlock;
        if ((long)blocks * PackedMatrix.BlockRows * weights.Columns * columns <= InlineProducts)
        {
            kernels.Multiply(weights, firstBlock, endBlock, x, ldx, y, ldy, columns);
            return;
        }

        blocksPerItem = Math.Clamp(blocks / (2 * pool.Threads), LeastBlocksPerItem, MostBlocksPerItem) & ~3;
        columnTiles = (columns + ColumnsPerItem - 1) / ColumnsPerItem;

        // A block alone is slow, so that one left over goes to the item before.
        chunks = Math.Max(1, (blocks + blocksPerItem - 2) / blocksPerItem);
        pool.Run(this, chunks * columnTiles);
    }

    public void Execute(int item, int worker)
    {
        var (chunk, tile) = Math.DivRem(item, columnTiles);
        var first = firstBlock + chunk * blocksPerItem;
        var end = chunk == chunks - 1 ? endBlock : first + blocksPerItem;
        var column = tile * ColumnsPerItem;
        kernels.Multiply(
            matrix!, first, end, x + column * ldx, ldx, y + column * ldy, ldy,
            Math.Min(ColumnsPerItem, columns - column));
    }

    /// <summary>Turns activations into integers.</summary>
    private sealed class ActivationWork(CpuKernels kernels, WorkerPool pool) : IParallelWork
    {
        private const int RowsPerItem = 8;

        private PackedMatrix? matrix;
        private float* x;
        private nint stride;
        private int rows;

        public void Run(PackedMatrix weights, float* input, nint inputStride, int count)
        {
            (matrix, stride, rows) = (weights, inputStride, count);
            x = input;
            var items = (count + RowsPerItem - 1) / RowsPerItem;
            if (items == 1) Execute(0, 0);
            else pool.Run(this, items);
        }

        public void Execute(int item, int worker)
        {
            var end = Math.Min(rows, (item + 1) * RowsPerItem);
            for (var row = item * RowsPerItem; row < end; row++) kernels.Quantise(x + row * stride, matrix!);
        }
    }
}
