using System.Text;
using Helios.Cli.Errors;
using Helios.Cli.Files;
using Helios.Sdk;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.ChatTemplates;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Fuzz.Targets;

/// <summary>Chat templates, and what users write into them.</summary>
internal static class TemplateTargets
{
    private const string Start = "<|im_start|>";
    private const string End = "<|im_end|>";
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly TemplateLimits Limits = new() { Steps = 200_000, TextLength = 1 << 18 };
    private static readonly ChatTurn[] Turns = [new("system", "Be brief."), new("user", "Hello, \"world\"!\n"), new("assistant", "<think>x</think>Hi"), new("user", "\u00e9")];
    private static readonly Dictionary<string, string> Special = new(StringComparer.Ordinal) { ["bos_token"] = "<s>", ["eos_token"] = "</s>" };

    public static Dictionary<string, Func<Scratch, FuzzTarget>> All { get; } = new(StringComparer.Ordinal)
    {
        ["chat-template"] = _ => new FuzzTarget(
            "chat-template",
            input => ChatTemplate.Parse(Encoding.UTF8.GetString(input), "hostile", Limits).Render(Conversation.Of(Turns, addGenerationPrompt: true), Special, Now),
            typeof(ChatTemplateException), typeof(ConversationRefusedException)),
        ["chat-turn"] = Turn,
        ["conversation"] = scratch =>
        {
            var template = ChatTemplate.Parse(Encoding.UTF8.GetString(Corpus.Read("chat-template", "llama-3.1.jinja")), "fixed", Limits);
            return new FuzzTarget(
                "conversation",
                input => template.Render(Conversation.Of(ConversationFile.Read(scratch.Write("conversation.json", input))), Special, Now),
                typeof(FileException), typeof(ConversationRefusedException), typeof(ChatTemplateException));
        },
    };

    /// <summary>Whatever a user writes, the prompt has the control tokens of its template and no more.</summary>
    private static FuzzTarget Turn(Scratch scratch)
    {
        scratch.Write("tokenizer.json", Corpus.Read("tokenizer-json", "chatml.json"));
        scratch.Write("chat_template.jinja", Corpus.Read("chat-template", "chatml.jinja"));
        var tokenizer = TokenizerFiles.Load(scratch.Folder);
        var format = ChatFormat.For("hostile", scratch.Folder, tokenizer, own: null, TimeProvider.System);
        int[] control = [tokenizer.Encode(Start)[0], tokenizer.Encode(End)[0]];
        return new FuzzTarget("chat-turn", input =>
        {
            var ids = format.EncodeUpTo(1 << 20, [new ChatTurn("user", Encoding.UTF8.GetString(input))])!;
            var count = ids.Count(id => control.Contains(id));
            if (count != 3) throw new InvalidOperationException($"{count} control tokens in the prompt, 3 in the template");
        });
    }
}
