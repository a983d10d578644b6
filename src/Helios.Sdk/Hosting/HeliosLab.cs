using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Hosting.Composition;

namespace Helios.Sdk.Lab;

/// <summary>
/// Measures the models of an engine on demand and writes files: it scores texts, profiles models and certifies operating points.
/// Owned by its engine; thread-safe. Its work runs between serving steps, within <see cref="AdaptationOptions.MaxScoringShare"/>.
/// </summary>
public sealed class HeliosLab
{
    private readonly HeliosEngine engine;
    private readonly LabModule lab;

    internal HeliosLab(HeliosEngine engine, LabModule lab) => (this.engine, this.lab) = (engine, lab);

    /// <summary>Scores a text teacher-forced: -ln p of every token after the first, at each requested depth. Runs in time that serving does not need.</summary>
    /// <param name="model">Name of a model of the pool.</param>
    /// <param name="tokenIds">Ids of its tokenizer; at least 1, at most its context.</param>
    /// <param name="depths">Depths, ascending, each from 1 to the model's layers; null scores all.</param>
    /// <param name="cancellationToken">Checked between layers.</param>
    /// <exception cref="ArgumentException">No such model, no tokens, an id outside the vocabulary, or a depth that does not exist.</exception>
    /// <exception cref="HeliosException">The memory budget has no room for scoring, or a layer could not be read.</exception>
    public Task<SequenceScore> ScoreAsync(string model, IReadOnlyList<int> tokenIds, IReadOnlyList<int>? depths = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        engine.RequireRunning();
        return lab.Scores.ScoreAsync(model, tokenIds, depths, cancellationToken);
    }

    /// <summary>
    /// Measures every model of the pool on this device and writes a model repository, for <see cref="AdaptationOptions.ModelRepository"/>:
    /// step costs, times of a request that runs alone, and the quality of each exit on some texts. Meant for an engine that serves
    /// no requests meanwhile, without adaptation.
    /// </summary>
    /// <param name="texts">Texts like the expected requests; half of each counts as the answer. Without texts, quality and exits stay unknown.</param>
    /// <param name="path">The file to write; an existing model repository is replaced, any other file is refused.</param>
    /// <param name="cancellationToken">Cancels it; nothing is written then.</param>
    /// <returns>The profiles of each exit of each model within the engine's budget.</returns>
    /// <exception cref="HeliosException">A model does not fit the budget, or could not be loaded or scored.</exception>
    /// <exception cref="IOException">The file could not be written, or an existing file is not a model repository; the latter is checked before anything is measured.</exception>
    public async Task<IReadOnlyList<PointProfile>> ProfileAsync(IReadOnlyList<string> texts, string path, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        engine.RequireRunning();
        RepositoryFile.Format.RefuseOther(path);
        await engine.Ready.WaitAsync(cancellationToken).ConfigureAwait(false);
        var (repository, profiles) = await lab.Profiling.RunAsync(texts, engine, cancellationToken).ConfigureAwait(false);
        RepositoryFile.Write(path, repository);
        return profiles;
    }

    /// <summary>
    /// Certifies operating points on a calibration set: "at most 2 % of tokens differ from full depth, with 95 % confidence, for
    /// traffic like this". If none qualifies, the report has the reason. Runs in time that serving does not need.
    /// </summary>
    /// <param name="request">Points, bound and calibration set.</param>
    /// <param name="cancellationToken">Checked between layers and texts.</param>
    /// <exception cref="ArgumentException">The request is invalid; the message has the found and the expected value.</exception>
    /// <exception cref="HeliosException">The memory budget has no room, or a layer could not be read.</exception>
    public Task<CertificationReport> CertifyAsync(CertificationRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        engine.RequireRunning();
        return lab.Certifier.RunAsync(request, cancellationToken);
    }
}
