namespace Helios.Sdk;

/// <summary>The fluent surface: each method sets options of <see cref="HeliosOptions"/>, no more.</summary>
public static class HeliosBuilderExtensions
{
    /// <summary>Adds a model to the pool.</summary>
    /// <typeparam name="TBuilder">The builder's type, kept for what follows in the chain.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="path">Folder in Hugging Face layout.</param>
    /// <param name="name">Name by which requests and decisions call it; the folder's name by default.</param>
    public static TBuilder AddModel<TBuilder>(this TBuilder builder, string path, string? name = null)
        where TBuilder : IHeliosBuilder
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var folder = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        return Change(builder, options => options.Models.Add(new ModelSource(name ?? folder, path)));
    }

    /// <summary>Sets the one budget for weights, workspaces and KV.</summary>
    /// <typeparam name="TBuilder">The builder's type, kept for what follows in the chain.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="bytes">Bytes, above 0.</param>
    public static TBuilder UseMemoryBudget<TBuilder>(this TBuilder builder, long bytes)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options => options.MemoryBudgetBytes = bytes);

    /// <summary>Evaluates candidates on live requests before one is chosen.</summary>
    /// <typeparam name="TBuilder">The builder's type, kept for what follows in the chain.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="candidates">Candidates in the shortlist (paper: 3).</param>
    /// <param name="requestsPerCandidate">Live requests that each answers (paper: 5).</param>
    public static TBuilder EvaluateCandidates<TBuilder>(this TBuilder builder, int candidates = 3, int requestsPerCandidate = 5)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options =>
        {
            options.Adaptation.Candidates = candidates;
            options.Adaptation.RequestsPerCandidate = requestsPerCandidate;
        });

    /// <summary>Loads the chosen model only as deep as its tokens need.</summary>
    /// <typeparam name="TBuilder">The builder's type, kept for what follows in the chain.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="confidenceTarget">Calibrated confidence below which a token counts as a breach.</param>
    public static TBuilder LoadPartially<TBuilder>(this TBuilder builder, double confidenceTarget = 0.7)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options =>
        {
            options.Adaptation.LoadPartially = true;
            options.Adaptation.ConfidenceTarget = confidenceTarget;
        });

    /// <summary>Evaluates again after so many requests.</summary>
    /// <typeparam name="TBuilder">The builder's type, kept for what follows in the chain.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="everyRequests">Requests between two evaluations (paper: 150).</param>
    public static TBuilder Reassess<TBuilder>(this TBuilder builder, int everyRequests = 150)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options => options.Adaptation.ReassessEveryRequests = everyRequests);

    /// <summary>Says what "best" means.</summary>
    /// <typeparam name="TBuilder">The builder's type, kept for what follows in the chain.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="objective"><c>throughput</c>, <c>latency</c>, <c>memory</c>, or one of your own.</param>
    /// <param name="maxQualityGap">Worst quality chosen, in bits per byte above the best candidate at full depth; null lifts the floor.</param>
    public static TBuilder Optimize<TBuilder>(this TBuilder builder, string objective = "throughput", double? maxQualityGap = 0.1)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options =>
        {
            options.Adaptation.Objective = objective;
            options.Adaptation.MaxQualityGap = maxQualityGap;
        });

    /// <summary>Serves the first model at one depth, for good: a static engine.</summary>
    /// <typeparam name="TBuilder">The builder's type, kept for what follows in the chain.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="depth">Layers loaded; null is the full depth.</param>
    /// <param name="exitPolicy">Per-token exits among them.</param>
    public static TBuilder ServeFixed<TBuilder>(this TBuilder builder, int? depth = null, string exitPolicy = "none")
        where TBuilder : IHeliosBuilder =>
        Change(builder, options =>
        {
            options.Adaptation.Enabled = false;
            options.Adaptation.FixedDepth = depth;
            options.Serving.ExitPolicy = exitPolicy;
        });

    private static TBuilder Change<TBuilder>(TBuilder builder, Action<HeliosOptions> change)
        where TBuilder : IHeliosBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Configure(change);
        return builder;
    }
}
