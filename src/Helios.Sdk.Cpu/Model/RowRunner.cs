using Helios.Sdk.Cpu.Threading;

namespace Helios.Sdk.Cpu.Model;

/// <summary>Work on single rows of a step.</summary>
internal interface IRowWork
{
    /// <summary>Does a row.</summary>
    /// <param name="index">Its place among the rows of the work.</param>
    void DoRow(int index);
}

/// <summary>Goes over rows in items of a few, or, where there is little to do, on the calling thread alone.</summary>
internal sealed class RowRunner(WorkerPool pool) : IParallelWork
{
    private const int RowsPerItem = 8;
    private const int InlineElements = 1 << 13;

    private IRowWork? work;
    private int count;

    /// <summary>Does rows 0 to <paramref name="rows"/> - 1.</summary>
    /// <param name="rowWork">The work.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="elementsPerRow">Elements that a row goes over.</param>
    public void Run(IRowWork rowWork, int rows, int elementsPerRow)
    {
        if ((long)rows * elementsPerRow <= InlineElements)
        {
            for (var i = 0; i < rows; i++) rowWork.DoRow(i);
            return;
        }

        (work, count) = (rowWork, rows);
        pool.Run(this, (rows + RowsPerItem - 1) / RowsPerItem);
    }

    public void Execute(int item, int worker)
    {
        var end = Math.Min(count, (item + 1) * RowsPerItem);
        for (var i = item * RowsPerItem; i < end; i++) work!.DoRow(i);
    }
}
