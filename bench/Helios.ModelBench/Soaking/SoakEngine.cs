using Helios.Sdk;
using Helios.Sdk.Backends;

namespace Helios.ModelBench.Soaking;

/// <summary>An engine that is given no rest: all models in a budget short of KV, an objective that keeps changing its mind.</summary>
internal sealed class SoakEngine
{
    private const string ExitPolicy = "top1:0.9";
    private static readonly TimeSpan Restlessness = TimeSpan.FromSeconds(2);

    public SoakEngine(SoakSettings settings, SoakModels models, TimeProvider time)
    {
        Backend = settings.Device.Backend.Create();
        var builder = HeliosEngine.CreateBuilder();
        foreach (var model in models.All) builder.AddModel(model.Folder, model.Name);
        Engine = builder
            .UseMicrosoftTokenizers()
            .UseBackend(() => Backend)
            .UseMemoryBudget(models.BudgetBytes)
            .UseStrategy<ISloObjective>(() => new RestlessObjective(Restlessness, time))
            .Optimize("restless").LimitQualityGap(null)
            .EvaluateCandidates(models.All.Count, requestsPerCandidate: 5)
            .Reassess(everyRequests: 30)
            .Configure(options =>
            {
                options.Precision = settings.Device.Precision;
                options.Serving.MaxBatchSize = settings.Clients;
                options.Serving.MaxRowsPerStep = RowsPerStep(settings);

                // On raw signals: calibration is learnt while serving, and an answer by it could not be had again.
                options.Serving.ExitPolicy = ExitPolicy;
                options.Adaptation.ConfidenceTarget = 0.2;
                options.Adaptation.MinimumGain = 0;
                options.Adaptation.MinimumResidenceRequests = 0;
                options.Adaptation.MaxScoringShare = 0.2;
            })
            .Build();
    }

    public HeliosEngine Engine { get; }

    public IBackend Backend { get; }

    /// <summary>Few, so that prompts are prefilled in several chunks.</summary>
    public static int RowsPerStep(SoakSettings settings) => Math.Max(settings.Clients, 64);
}
