using System.Collections.Immutable;
using Helios.Sdk;

namespace Helios.Benchmarks.Ablations;

/// <summary>A system with something left out or set otherwise.</summary>
/// <param name="Name">How tables call it.</param>
/// <param name="Models">Its candidates.</param>
/// <param name="Change">What it sets otherwise than the dynamic system does.</param>
internal sealed record Variant(string Name, ImmutableArray<string> Models, Action<AdaptationOptions> Change)
{
    private const int Never = int.MaxValue;
    private static readonly ImmutableArray<string> Both = [SamplePool.Medium, SamplePool.Small];

    /// <summary>What every other one is compared with: all of the larger model, for good.</summary>
    public static Variant Baseline { get; } = new("full depth", [SamplePool.Medium], options => options.Enabled = false);

    /// <summary>Candidates change, and so do depths, by the defaults.</summary>
    public static Variant Dynamic { get; } = new("dynamic", Both, _ => { });

    /// <summary>Each once, by what it is about; the dynamic one belongs to all.</summary>
    public static ImmutableArray<(string Title, ImmutableArray<Variant> Variants)> Groups { get; } =
    [
        ("Mechanism",
        [
            Baseline,
            new("full depth, tiny-s", [SamplePool.Small], options => options.Enabled = false),
            new("switch only", Both, options => options.LoadPartially = false),
            new("load only, tiny-m", [SamplePool.Medium], _ => { }),
            new("load only, tiny-s", [SamplePool.Small], _ => { }),
            Dynamic,
        ]),
        ("Reassessment interval",
        [
            new("every 50", Both, options => options.ReassessEveryRequests = 50),
            Dynamic with { Name = "every 150 (dynamic)" },
            new("every 250", Both, options => options.ReassessEveryRequests = 250),
            // Reassessments still happen when confidence drifts, but gain is no reason to leave the active point; the guards act as ever.
            new("none", Both, options => options.MinimumResidenceRequests = Never),
        ]),
        ("Confidence target",
        [
            new("target 0.5", Both, options => options.ConfidenceTarget = 0.5),
            Dynamic with { Name = "target 0.7 (dynamic)" },
            new("target 0.9", Both, options => options.ConfidenceTarget = 0.9),
        ]),
        ("Depth rule",
        [
            Dynamic with { Name = "constrained (dynamic)" },
            new("coverage:0.75", Both, options => options.DepthRule = "coverage:0.75"),
            new("coverage:0.9", Both, options => options.DepthRule = "coverage:0.9"),
            new("coverage:0.75, no floor", Both, options => (options.DepthRule, options.MaxQualityGap) = ("coverage:0.75", null)),
        ]),
        ("Share of scoring",
        [
            new("5 % (default)", Both, options => options.MaxScoringShare = 0.05),
            Dynamic with { Name = "10 % (dynamic)" },
            new("20 %", Both, options => options.MaxScoringShare = 0.2),
        ]),
    ];

    /// <summary>Everything to be measured, once.</summary>
    public static ImmutableArray<Variant> All { get; } = [.. Groups.SelectMany(group => group.Variants).DistinctBy(variant => variant.MeasuredAs, StringComparer.Ordinal)];

    /// <summary>The name under which it is measured: a copy under another name is no other variant.</summary>
    public string MeasuredAs { get; } = Name;

    public HeliosBuilder CreateBuilder(SamplePool pool) => pool.CreateBuilder(Models).Configure(options =>
    {
        options.Adaptation.Candidates = Models.Length;

        // Traffic changes within seconds here: reassess twice as often.
        options.Adaptation.MaxScoringShare = 0.1;
        Change(options.Adaptation);
    });
}
