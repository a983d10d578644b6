namespace Helios.Sdk.Checkpoints.Families;

/// <summary>The families that are read, by <c>model_type</c>.</summary>
internal static class FamilyTable
{
    private static readonly Dictionary<string, Family> Families = new Family[]
    {
        new LlamaFamily(), new MistralFamily(), new Qwen2Family(), new Qwen3Family(), new Qwen3MoeFamily(), new Gemma2Family(), new Gemma3Family(),
        new Phi3Family(), new SmolLm3Family(), new Olmo2Family(), new GraniteFamily(), new Starcoder2Family(), new OptFamily(), new Gpt2Family(), new GptNeoXFamily(),
    }.ToDictionary(family => family.ModelType, StringComparer.Ordinal);

    /// <summary>Names of the families, in order.</summary>
    public static IEnumerable<string> Names => Families.Keys.Order(StringComparer.Ordinal);

    /// <summary>The family of a model type; null if it is not read.</summary>
    public static Family? Find(string modelType) => Families.GetValueOrDefault(modelType);
}
