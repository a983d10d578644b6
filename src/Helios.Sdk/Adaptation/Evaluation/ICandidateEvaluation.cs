using Helios.Sdk.Adaptation.Candidates;

namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>Finds out what there is to know of candidates before a selection.</summary>
internal interface ICandidateEvaluation
{
    /// <summary>Evaluates candidates, one after another.</summary>
    /// <param name="candidates">Which; candidates of the present shortlist.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task RunAsync(IReadOnlyList<Candidate> candidates, CancellationToken cancellationToken);

    /// <summary>Tries again what failed before, as far as it is due.</summary>
    /// <param name="candidates">Which; the present shortlist.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task RetryAsync(IReadOnlyList<Candidate> candidates, CancellationToken cancellationToken) => Task.CompletedTask;
}
