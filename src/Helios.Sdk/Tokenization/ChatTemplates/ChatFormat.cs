using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Helios.Sdk.Checkpoints.Opening;
using Helios.Sdk.Tokenization.ChatTemplates.Values;
using Helios.Sdk.Tokenization.SpecialTokens;

namespace Helios.Sdk.Tokenization.ChatTemplates;

/// <summary>
/// How conversations are put to one model: its template, its special tokens and its tokenizer. A model without a usable template has
/// one too, which says why it takes no conversations. Immutable and thread-safe.
/// </summary>
internal sealed class ChatFormat
{
    private readonly ITokenizer tokenizer;
    private readonly TimeProvider time;
    private readonly ImmutableDictionary<string, string> specialTokens;
    private readonly ChatTemplate? template;
    private readonly string? trouble;
    private readonly Lazy<ImmutableArray<int>> endIds;

    private ChatFormat(ITokenizer tokenizer, TimeProvider time, ImmutableDictionary<string, string> specialTokens, ChatTemplate? template, string? trouble)
    {
        this.tokenizer = tokenizer;
        this.time = time;
        this.specialTokens = specialTokens;
        this.template = template;
        this.trouble = trouble;
        endIds = new Lazy<ImmutableArray<int>>(FindEndIds);
        var written = string.Join('\0', specialTokens.OrderBy(token => token.Key, StringComparer.Ordinal).Select(token => $"{token.Key}={token.Value}").Prepend(template?.Source ?? trouble));
        Fingerprint = $"{tokenizer.Fingerprint}/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(written)))}";
    }

    /// <summary>Equal for formats that give equal ids.</summary>
    public string Fingerprint { get; }

    /// <summary>
    /// Ids that end an answer: the tokenizer's <c>eos_token</c>, and the special token that the template writes behind what the
    /// assistant said. A model's own files often forget the latter.
    /// </summary>
    public ImmutableArray<int> EndIds => endIds.Value;

    /// <summary>The format of a model.</summary>
    /// <param name="model">Its name, for messages.</param>
    /// <param name="folder">Its folder, or its GGUF file.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="own">A template that the host gives, which goes before that of the files.</param>
    /// <param name="time">What templates take the date from.</param>
    /// <exception cref="CheckpointException">A file of the model is malformed. A template that is outside the supported subset only refuses conversations.</exception>
    /// <exception cref="ChatTemplateException">The host's own template is malformed.</exception>
    public static ChatFormat For(string model, string folder, ITokenizer tokenizer, string? own, TimeProvider time)
    {
        var files = ChatTemplateFiles.Read(ModelPath.Of(folder));
        if (own is not null) return new ChatFormat(tokenizer, time, files.Tokens.Named, ChatTemplate.Parse(own, PlaceOfOwn(model)), null);
        if (files.Template is not var (source, place))
            return new ChatFormat(tokenizer, time, files.Tokens.Named, null, $"'{model}' has no chat template, so it takes prompts, not conversations. Add one as {ChatTemplateFiles.Places} in {folder}, or set {nameof(ModelSource)}.{nameof(ModelSource.ChatTemplate)}.");
        try
        {
            return new ChatFormat(tokenizer, time, files.Tokens.Named, ChatTemplate.Parse(source, place), null);
        }
        catch (ChatTemplateException e)
        {
            return new ChatFormat(tokenizer, time, files.Tokens.Named, null, $"The chat template of '{model}' cannot be used. {e.Message}");
        }
    }

    /// <summary>How messages name a template that the host gives.</summary>
    public static string PlaceOfOwn(string model) => $"The chat template given for '{model}'";

    /// <summary>Ids of a conversation and of what an answer begins with; null when there are more than so many. What the turns say never becomes a special token.</summary>
    /// <param name="mostIds">Most ids.</param>
    /// <param name="turns">The conversation.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ConversationRefusedException">The template refuses the conversation.</exception>
    /// <exception cref="ChatTemplateException">There is no usable template.</exception>
    public IReadOnlyList<int>? EncodeUpTo(int mostIds, IReadOnlyList<ChatTurn> turns, CancellationToken cancellationToken = default)
    {
        var usable = template ?? throw new ChatTemplateException(trouble!);
        var text = usable.Render(Conversation.Of(turns, addGenerationPrompt: true), specialTokens, time.GetLocalNow(), cancellationToken);

        // The template writes BOS where the model wants it.
        return tokenizer.EncodeUpTo(mostIds, text.Text, text.Verbatim, addSpecialTokens: false, cancellationToken);
    }

    private ImmutableArray<int> FindEndIds()
    {
        var ends = new List<string>();
        if (specialTokens.TryGetValue("eos_token", out var eos)) ends.Add(eos);
        if (BehindAnswer() is { } behind) ends.Add(behind);
        return [.. ends.Select(LeadingSpecialId).OfType<int>().Distinct()];
    }

    /// <summary>What the template writes behind what the assistant says.</summary>
    private string? BehindAnswer()
    {
        try
        {
            var text = template?.Render(Conversation.Of([new ChatTurn("user", "Question"), new ChatTurn("assistant", "Answer")], addGenerationPrompt: false), specialTokens, time.GetLocalNow());
            return text is { Verbatim: [.., var answer] } && text.Text.AsSpan(answer.Start, answer.Length).SequenceEqual("Answer") ? text.Text[answer.End..].TrimStart() : null;
        }
        catch (Exception error) when (error is ChatTemplateException or ConversationRefusedException)
        {
            return null;
        }
    }

    private int? LeadingSpecialId(string text)
    {
        if (text.Length == 0 || tokenizer.Encode(text, addSpecialTokens: false) is not [var id, ..]) return null;
        var token = tokenizer.Decode([id], skipSpecialTokens: false);
        return token.Length > 0 && text.StartsWith(token, StringComparison.Ordinal) && (tokenizer.GetBytes(id).IsEmpty || ControlTokens.IsMarkup(token)) ? id : null;
    }
}
