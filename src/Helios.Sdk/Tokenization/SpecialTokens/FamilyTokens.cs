using System.Collections.Immutable;

namespace Helios.Sdk.Tokenization.SpecialTokens;

/// <summary>
/// Special tokens for a template without tokenizer files: those of the family whose marks it writes. A guess, for looking at a template
/// by itself; models say theirs in their files.
/// </summary>
internal static class FamilyTokens
{
    private static readonly (string Mark, string Bos, string Eos)[] Families =
    [
        ("<|start_header_id|>", "<|begin_of_text|>", "<|eot_id|>"),
        ("<start_of_turn>", "<bos>", "<eos>"),
        ("<|START_OF_TURN_TOKEN|>", "<BOS_TOKEN>", "<|END_OF_TURN_TOKEN|>"),
        ("<\uFF5CAssistant\uFF5C>", "<\uFF5Cbegin\u2581of\u2581sentence\uFF5C>", "<\uFF5Cend\u2581of\u2581sentence\uFF5C>"),
    ];

    private static readonly (string Mark, string Bos, string Eos) Llama = ("", "<s>", "</s>");

    /// <summary>By the names that templates know them by.</summary>
    public static ImmutableDictionary<string, string> Of(string template)
    {
        var family = Array.FindIndex(Families, family => template.Contains(family.Mark, StringComparison.Ordinal)) is >= 0 and var found ? Families[found] : Llama;
        return ImmutableDictionary<string, string>.Empty.Add("bos_token", family.Bos).Add("eos_token", family.Eos);
    }
}
