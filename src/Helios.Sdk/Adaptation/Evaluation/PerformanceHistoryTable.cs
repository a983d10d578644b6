using System.Collections.Immutable;

namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>What a row of the table is about.</summary>
/// <param name="Fingerprint">Hash of the checkpoint.</param>
/// <param name="Device">The hardware, as <see cref="DeviceInfo.Description"/> says.</param>
/// <param name="Precision">How weights are held.</param>
/// <param name="Depth">Layers executed.</param>
internal readonly record struct HistoryKey(string Fingerprint, string Device, Precision Precision, int Depth);

/// <summary>A row of the table.</summary>
/// <param name="Key">What it is about.</param>
/// <param name="Profile">What is known.</param>
/// <param name="UpdatedAtRequest">Requests the engine had finished when it was learnt.</param>
internal sealed record HistoryRow(HistoryKey Key, PointProfile Profile, long UpdatedAtRequest);

/// <summary>The PHT: the latest profile of every point that was ever profiled. Many readers, one writer at a time.</summary>
internal sealed class PerformanceHistoryTable
{
    private ImmutableDictionary<HistoryKey, HistoryRow> rows = ImmutableDictionary<HistoryKey, HistoryRow>.Empty;

    /// <summary>Every row, by checkpoint, device, precision and depth.</summary>
    public ImmutableArray<HistoryRow> Snapshot =>
    [
        .. Volatile.Read(ref rows).Values
            .OrderBy(row => row.Key.Fingerprint, StringComparer.Ordinal)
            .ThenBy(row => row.Key.Device, StringComparer.Ordinal)
            .ThenBy(row => row.Key.Precision)
            .ThenBy(row => row.Key.Depth),
    ];

    /// <summary>The row about a point; null when there is none.</summary>
    /// <param name="key">What it is about.</param>
    public HistoryRow? Find(HistoryKey key) => Volatile.Read(ref rows).GetValueOrDefault(key);

    /// <summary>Notes profiles of one checkpoint on one device.</summary>
    /// <param name="fingerprint">Hash of the checkpoint.</param>
    /// <param name="device">The hardware.</param>
    /// <param name="profiles">What is known now.</param>
    /// <param name="request">Requests the engine has finished.</param>
    public void Update(string fingerprint, string device, IEnumerable<PointProfile> profiles, long request) =>
        Restore(profiles.Select(profile => new HistoryRow(
            new HistoryKey(fingerprint, device, profile.Point.Target.Precision, profile.Point.Target.Depth), profile, request)));

    /// <summary>Puts rows in, over what was known of the same points.</summary>
    /// <param name="known">Rows, say of a former run.</param>
    public void Restore(IEnumerable<HistoryRow> known)
    {
        var entries = known.Select(row => KeyValuePair.Create(row.Key, row)).ToList();
        ImmutableInterlocked.Update(ref rows, (present, added) => present.SetItems(added), entries);
    }
}
