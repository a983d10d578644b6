using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Hosting.Composition;

namespace Helios.Sdk.Lab;

/// <summary>
/// What measures the models of an engine on demand and writes files: texts scored, models profiled, operating points certified.
/// Owned by its engine; thread-safe. Its work runs between steps of serving, as far as <see cref="AdaptationOptions.MaxScoringShare"/> allows.
/// </summary>
public sealed class HeliosLab
{
    private readonly HeliosEngine engine;
    private readonly LabModule lab;

    internal HeliosLab(HeliosEngine engine, LabModule lab) => (this.engine, this.lab) = (engine, lab);

    /// <summary>Scores a text teacher-forced: -ln p of every token after the first, at each depth asked for. Runs when serving leaves room.</summary>
    /// <param name="model">Name of a model of the pool.</param>
    /// <param name="tokenIds">Ids of its tokenizer; at least 1, at most its context.</param>
    /// <param name="depths">Depths, ascending, each from 1 to the model's layers; null scores all.</param>
    /// <param name="cancellationToken">Checked between layers.</param>
    /// <exception cref="ArgumentException">No such model, no tokens, an id outside the vocabulary, or a depth that is not to be had.</exception>
    /// <exception cref="HeliosException">The memory budget has no room for scoring, or a layer could not be read.</exception>
    public Task<SequenceScore> ScoreAsync(string model, IReadOnlyList<int> tokenIds, IReadOnlyList<int>? depths = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        engine.RequireRunning();
        return lab.Scores.ScoreAsync(model, tokenIds, depths, cancellationToken);
    }

    /// <summary>
    /// Measures every model of the pool on this device and writes a model repository, for <see cref="AdaptationOptions.ModelRepository"/>:
    /// what steps cost, how long a request takes alone, and what each exit makes of some texts. Meant for an engine that serves
    /// nobody meanwhile, without adaptation.
    /// </summary>
    /// <param name="texts">Texts like those to be served; half of each is taken for the answer. None leaves quality and exits unknown.</param>
    /// <param name="path">The file to be written; a model repository that is there is replaced, and any other file left alone.</param>
    /// <param name="cancellationToken">Ends it; nothing is written then.</param>
    /// <returns>What each exit of each model is worth within the budget of the engine.</returns>
    /// <exception cref="HeliosException">A model does not fit the budget, or could not be loaded or scored.</exception>
    /// <exception cref="IOException">The file could not be written, or is there and is no model repository, which is found before anything is measured.</exception>
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
    /// traffic like this", or says that none qualifies and why. Runs when serving leaves room.
    /// </summary>
    /// <param name="request">What is to be shown, and on what.</param>
    /// <param name="cancellationToken">Checked between layers and texts.</param>
    /// <exception cref="ArgumentException">The request asks for what is not to be had; the message says what was found and expected.</exception>
    /// <exception cref="HeliosException">The memory budget has no room, or a layer could not be read.</exception>
    public Task<CertificationReport> CertifyAsync(CertificationRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        engine.RequireRunning();
        return lab.Certifier.RunAsync(request, cancellationToken);
    }
}
