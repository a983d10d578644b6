using System.Runtime.CompilerServices;

namespace Helios.Sdk.Tests.Hosting.Chat;

/// <summary>Keeps the request it was given and answers with pieces of its own.</summary>
internal sealed class RecordingClient(params GenerationUpdate[] pieces) : IHeliosClient
{
    public GenerationRequest? Request { get; private set; }

    public async IAsyncEnumerable<GenerationUpdate> StreamAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Request = request;
        foreach (var piece in pieces)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return piece;
        }
    }

    public Task<GenerationResult> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        Request = request;
        return Task.FromResult(new GenerationResult
        {
            Text = string.Concat(pieces.Select(piece => piece.Text)),
            PromptIds = [1],
            TokenIds = [.. pieces.Select(piece => piece.TokenId).OfType<int>()],
            ExitDepths = [.. pieces.Select(piece => piece.ExitDepth)],
            FinishReason = pieces is [.., var last] ? last.FinishReason ?? FinishReason.Stop : FinishReason.Stop,
            Point = null,
            CachedPromptTokens = 0,
            TimeToFirstToken = TimeSpan.Zero,
            TimePerOutputToken = TimeSpan.Zero,
        });
    }

    public Task<IReadOnlyList<GenerationResult>> GenerateAsync(GenerationRequest request, int samples, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();
}
