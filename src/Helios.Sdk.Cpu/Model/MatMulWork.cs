using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Loading;
using Helios.Sdk.Cpu.Threading;

namespace Helios.Sdk.Cpu.Model;

/// <summary>
/// A matrix product cut into items of some row blocks by some columns. Items next to each other share weights, so that
/// these come from memory once for the whole step.
/// </summary>
internal sealed unsafe class MatMulWork(CpuKernels kernels, WorkerPool pool) : IParallelWork
{
    // Some microseconds of work each: 4 blocks x 768 columns in bf16 are 96 KiB of weights.
    private const int ColumnsPerItem = 64;
    private const int FewColumns = 8;
    private const int InlineProducts = 1 << 16;

    private PackedMatrix? matrix;
    private float* x;
    private float* y;
    private nint ldx;
    private nint ldy;
    private int columns;
    private int firstBlock;
    private int endBlock;
    private int blocksPerItem;
    private int columnTiles;

    /// <summary>Computes row blocks of a matrix for all columns; see <see cref="CpuKernels.Multiply"/>.</summary>
    public void Run(PackedMatrix weights, float* input, nint inputStride, float* output, nint outputStride, int columnCount, int first = 0, int end = int.MaxValue)
    {
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

        blocksPerItem = columns <= FewColumns ? 4 : 8;
        columnTiles = (columns + ColumnsPerItem - 1) / ColumnsPerItem;
        pool.Run(this, (blocks + blocksPerItem - 1) / blocksPerItem * columnTiles);
    }

    public void Execute(int item, int worker)
    {
        var (chunk, tile) = Math.DivRem(item, columnTiles);
        var first = firstBlock + chunk * blocksPerItem;
        var column = tile * ColumnsPerItem;
        kernels.Multiply(
            matrix!, first, Math.Min(first + blocksPerItem, endBlock), x + column * ldx, ldx, y + column * ldy, ldy,
            Math.Min(ColumnsPerItem, columns - column));
    }
}
