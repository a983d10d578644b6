using Helios.Sdk.Checkpoints;
using Helios.Sdk.Checkpoints.Opening;
using Helios.Sdk.Tokenization.ChatTemplates;
using Helios.Sdk.Tokenization.SpecialTokens;

namespace Helios.Sdk.Tokenization;

/// <summary>
/// Renders the chat template of a model, as an engine does for <see cref="GenerationRequest.Messages"/>, with tools and variables beside the
/// turns, and without an engine. Immutable and thread-safe; every rendering is bounded in steps, in memory and in time.
/// </summary>
public sealed class ChatTemplateRenderer
{
    private const string TemplateExtension = ".jinja";

    private readonly ChatTemplate plain;
    private readonly ChatTemplate withTools;
    private readonly IReadOnlyDictionary<string, string> specialTokens;

    private ChatTemplateRenderer(ChatTemplate plain, ChatTemplate withTools, IReadOnlyDictionary<string, string> specialTokens)
    {
        this.plain = plain;
        this.withTools = withTools;
        this.specialTokens = specialTokens;
    }

    /// <summary>Reads the chat template of a model, or a single template file.</summary>
    /// <param name="path">
    /// A GGUF file, a folder with <c>chat_template.jinja</c> or <c>tokenizer_config.json</c>, or a <c>.jinja</c> file. A single file names no special
    /// tokens: <c>bos_token</c> and <c>eos_token</c> are then those of the family whose marks the template writes, otherwise <c>&lt;s&gt;</c>
    /// and <c>&lt;/s&gt;</c>, unless <see cref="ChatTemplateInput.Arguments"/> set them.
    /// </param>
    /// <exception cref="CheckpointException">There is nothing at the path, or a file is malformed.</exception>
    /// <exception cref="ChatTemplateException">There is no template, or it is outside the supported subset.</exception>
    public static ChatTemplateRenderer Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path.EndsWith(TemplateExtension, StringComparison.OrdinalIgnoreCase) && !Directory.Exists(path))
        {
            if (!File.Exists(path)) throw CheckpointError.File(path, "there is no such file");
            var source = ChatTemplateFiles.ReadText(path);
            var alone = ChatTemplate.Parse(source, path);
            return new ChatTemplateRenderer(alone, alone, FamilyTokens.Of(source));
        }

        var files = ChatTemplateFiles.Read(ModelPath.Require(path));
        if (files.Template is not var (main, place)) throw new ChatTemplateException($"{path}: there is no chat template; expected one in {ChatTemplateFiles.Places}.");
        var template = ChatTemplate.Parse(main, place);
        var tools = files.ToolTemplate is var (source2, place2) ? ChatTemplate.Parse(source2, place2) : template;
        return new ChatTemplateRenderer(template, tools, files.Tokens.Named);
    }

    /// <summary>Renders a conversation.</summary>
    /// <param name="input">Turns, tools and variables.</param>
    /// <param name="now">The time that the template sees; null takes the local time of the machine.</param>
    /// <param name="cancellationToken">Ends the rendering.</param>
    /// <exception cref="ConversationRefusedException">The template refuses the conversation, the messages are not a list of objects, or a value has an unsupported kind.</exception>
    /// <exception cref="ChatTemplateException">The template uses an unsupported feature, or exceeds a limit.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public RenderedChat Render(ChatTemplateInput input, DateTimeOffset? now = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        var conversation = Conversation.Of(input);
        var template = input.Tools is { ValueKind: not System.Text.Json.JsonValueKind.Null } ? withTools : plain;
        var text = template.Render(conversation, specialTokens, now ?? TimeProvider.System.GetLocalNow(), cancellationToken);
        return new RenderedChat(text.Text, text.Verbatim);
    }
}
