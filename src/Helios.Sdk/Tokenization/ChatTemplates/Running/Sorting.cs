using System.Runtime.ExceptionServices;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>Sorts stably by keys that are values.</summary>
internal static class Sorting
{
    private const int SorterBytes = 768;

    public static List<T> Sort<T>(IReadOnlyList<T> items, Func<T, Value> key, bool reverse, ExecutionMeter meter)
    {
        // The sorter; the items, their keys, their places, and the list that comes of it.
        meter.Charge(items.Count);
        meter.Allocate(SorterBytes + (3L * items.Count * ListValue.ItemBytes));
        var comparer = Comparer<Value>.Create((left, right) => ValueComparison.Compare(left, right, meter));
        try
        {
            return [.. reverse ? items.OrderByDescending(key, comparer) : items.OrderBy(key, comparer)];
        }
        catch (InvalidOperationException e) when (e.InnerException is ChatTemplateException or OperationCanceledException)
        {
            // Sorting wraps what a comparison throws.
            ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
    }
}
