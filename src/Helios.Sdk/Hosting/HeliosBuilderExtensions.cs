using Helios.Sdk.Energy;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Hub;
using Helios.Sdk.Lab;

namespace Helios.Sdk;

/// <summary>Fluent methods of the builder: each sets options of <see cref="HeliosOptions"/>, or adds a strategy.</summary>
public static class HeliosBuilderExtensions
{
    /// <summary>Adds a model to the pool.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="path">Folder in Hugging Face layout, GGUF file, or id of a model of the Hugging Face Hub that was pulled: <c>org/name</c>.</param>
    /// <param name="name">Name in requests and decisions; the folder's name by default.</param>
    public static TBuilder AddModel<TBuilder>(this TBuilder builder, string path, string? name = null)
        where TBuilder : IHeliosBuilder =>
        builder.AddModel(path, static _ => { }, name);

    /// <summary>Adds a model to the pool, with further settings.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="path">Folder in Hugging Face layout, GGUF file, or id of a model of the Hugging Face Hub that was pulled: <c>org/name</c>.</param>
    /// <param name="configure">Changes the settings of the model.</param>
    /// <param name="name">Name in requests and decisions; the folder's name by default.</param>
    public static TBuilder AddModel<TBuilder>(this TBuilder builder, string path, Action<ModelSource> configure, string? name = null)
        where TBuilder : IHeliosBuilder
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(configure);
        var folder = HubCache.NameOf(Path.TrimEndingDirectorySeparator(Path.GetFullPath(HubId.NameOf(path))));
        return Change(builder, options =>
        {
            var source = new ModelSource(name ?? folder, path);
            configure(source);
            options.Models.Add(source);
        });
    }

    /// <summary>Sets the memory budget for weights, workspaces and KV.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="bytes">Bytes, above 0. Gibibytes are written <c>4L &lt;&lt; 30</c>: without the <c>L</c>, C# computes an int, which overflows.</param>
    public static TBuilder UseMemoryBudget<TBuilder>(this TBuilder builder, long bytes)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options => options.MemoryBudgetBytes = bytes);

    /// <summary>Evaluates candidates on live requests before the engine chooses one.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
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
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="confidenceTarget">Calibrated confidence below which a token is a breach.</param>
    public static TBuilder LoadPartially<TBuilder>(this TBuilder builder, double confidenceTarget = 0.7)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options =>
        {
            options.Adaptation.LoadPartially = true;
            options.Adaptation.ConfidenceTarget = confidenceTarget;
        });

    /// <summary>Reassesses the candidates after this many requests.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="everyRequests">Requests between two reassessments (paper: 150).</param>
    public static TBuilder Reassess<TBuilder>(this TBuilder builder, int everyRequests = 150)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options => options.Adaptation.ReassessEveryRequests = everyRequests);

    /// <summary>Sets the objective, by name. Floors and limits do not change.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="objective"><c>throughput</c>, <c>latency</c>, <c>ttft</c>, <c>energy</c>, <c>memory</c>, <c>quality</c>, <c>goodput:ttft=500ms,tpot=50ms</c>, or one of your own; see <see cref="AdaptationOptions.Objective"/>.</param>
    public static TBuilder Optimize<TBuilder>(this TBuilder builder, string objective)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options => options.Adaptation.Objective = objective);

    /// <summary>Sets the objective: one of <see cref="SloObjectives"/>, or one of your own. Floors and limits do not change.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="objective">The objective; decisions and metrics have its name.</param>
    public static TBuilder Optimize<TBuilder>(this TBuilder builder, ISloObjective objective)
        where TBuilder : IHeliosBuilder
    {
        ArgumentNullException.ThrowIfNull(objective);
        return Change(Own(builder, objective), options => options.Adaptation.Objective = objective.Name);
    }

    /// <summary>Excludes points with a larger quality gap. Without this call the floor of the options applies, 0.1 by default.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="bitsPerByte">Bits per byte above the best candidate at full depth, at least 0; null removes the floor.</param>
    public static TBuilder LimitQualityGap<TBuilder>(this TBuilder builder, double? bitsPerByte)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options => options.Adaptation.MaxQualityGap = bitsPerByte);

    /// <summary>Lets tokens leave early by a policy: one of <see cref="Exits"/>, or one of your own.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="policy">The policy; operating points have its name.</param>
    public static TBuilder ExitBy<TBuilder>(this TBuilder builder, IExitPolicy policy)
        where TBuilder : IHeliosBuilder
    {
        ArgumentNullException.ThrowIfNull(policy);
        return Change(Own(builder, policy), options => options.Serving.ExitPolicy = policy.Name);
    }

    /// <summary>Excludes points whose agreement with their own model's full depth is lower.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="share">Share of tokens, 0 to 1.</param>
    public static TBuilder RequireAgreement<TBuilder>(this TBuilder builder, double share)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options => options.Adaptation.MinAgreement = share);

    /// <summary>Excludes points below full depth without a certificate; see <see cref="HeliosLab.CertifyAsync"/> and <c>helios certify</c>.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="files">Certificate files of models of the pool.</param>
    public static TBuilder RequireCertificates<TBuilder>(this TBuilder builder, params IEnumerable<string> files)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options =>
        {
            options.Adaptation.RequireCertificate = true;
            foreach (var file in files) options.Adaptation.Certificates.Add(file);
        });

    /// <summary>Excludes points that take more bytes for weights, workspace and one sequence.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="bytes">Bytes, above 0.</param>
    public static TBuilder LimitBytes<TBuilder>(this TBuilder builder, long bytes)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options => options.Adaptation.MaxPointBytes = bytes);

    /// <summary>Excludes points that take more energy per token; needs a meter.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="joulesPerToken">Joules, above 0.</param>
    public static TBuilder LimitEnergy<TBuilder>(this TBuilder builder, double joulesPerToken)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options => options.Adaptation.MaxJoulesPerToken = joulesPerToken);

    /// <summary>Excludes points with a longer 95th percentile of the time to first token, queue time included.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="most">Maximum time to first token (p95), above 0.</param>
    public static TBuilder LimitTtft<TBuilder>(this TBuilder builder, TimeSpan most)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options => options.Adaptation.MaxTtft = most);

    /// <summary>Assumes a constant power of the device if no meter can be read: an estimate, and marked as one.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="watts">Power while computing, above 0.</param>
    public static TBuilder EstimateEnergy<TBuilder>(this TBuilder builder, double watts)
        where TBuilder : IHeliosBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.UseStrategy<IEnergyMeter>(() => new EstimatedEnergyMeter(watts));
        return builder;
    }

    /// <summary>Serves the first model at one fixed depth: a static engine.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="depth">Layers loaded; null is the full depth.</param>
    /// <param name="exitPolicy">Per-token exit policy, by name; null keeps the one that is set, by <see cref="ExitBy{TBuilder}(TBuilder, IExitPolicy)"/> or by configuration.</param>
    public static TBuilder ServeFixed<TBuilder>(this TBuilder builder, int? depth = null, string? exitPolicy = null)
        where TBuilder : IHeliosBuilder =>
        Change(builder, options =>
        {
            options.Adaptation.Enabled = false;
            options.Adaptation.FixedDepth = depth;
            if (exitPolicy is not null) options.Serving.ExitPolicy = exitPolicy;
        });

    /// <summary>Serves the first model at one fixed depth, with per-token exits.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="depth">Layers loaded; null is the full depth.</param>
    /// <param name="exitPolicy">Per-token exit policy: one of <see cref="Exits"/>, or one of your own.</param>
    public static TBuilder ServeFixed<TBuilder>(this TBuilder builder, int? depth, IExitPolicy exitPolicy)
        where TBuilder : IHeliosBuilder =>
        builder.ExitBy(exitPolicy).ServeFixed(depth, exitPolicy.Name);

    /// <summary>A strategy of the application's own is added; shipped ones are found by their names.</summary>
    private static TBuilder Own<TBuilder, TStrategy>(TBuilder builder, TStrategy strategy)
        where TBuilder : IHeliosBuilder
        where TStrategy : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (strategy.GetType().Assembly != typeof(HeliosBuilderExtensions).Assembly) builder.UseStrategy(() => strategy);
        return builder;
    }

    private static TBuilder Change<TBuilder>(TBuilder builder, Action<HeliosOptions> change)
        where TBuilder : IHeliosBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Configure(change);
        return builder;
    }
}
