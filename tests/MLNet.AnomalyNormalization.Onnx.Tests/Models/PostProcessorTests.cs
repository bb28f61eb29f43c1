using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Graphs;
using MLNet.AnomalyNormalization.Onnx.Models;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Models;

[TestClass]
public sealed class PostProcessorTests
{
    [TestMethod]
    [DataRow("Sub raw t; Div previous r; Add previous half; Clip previous zero one", "raw", DisplayName = "anomalib 2")]
    [DataRow("Identity raw; Sub previous t; Div previous r; Add half previous; Identity previous; Clip previous zero one", "value0",
        DisplayName = "with Identity in between, and the constant first")]
    [DataRow("Sub raw t; Mul previous inverse; Add previous half; Max previous zero; Min previous one", "raw",
        DisplayName = "times the inverse, and Max and Min")]
    [DataRow("Sub raw shared; Div previous computed; Sub previous minusHalf; Min one previous; Max previous zero; Reshape previous shape", "raw",
        DisplayName = "a constant by Identity, a range that the graph computes")]
    public void The_scaling_of_anomalib_2_is_seen_through(string nodes, string raw)
    {
        PostProcessor found = Of(nodes, "Greater score label");
        Assert.AreEqual(raw, found.Raw);
        Assert.IsFalse(found.IsClipped);
        Assert.AreEqual(3.25, found.Scaling!.Threshold);
        Assert.AreEqual(4, found.Scaling.Range);
        Assert.AreEqual(0.75, found.Scaling.LabelScore);
        Assert.AreEqual(0.25, found.Scaling.Sensitivity);
        Assert.AreEqual(4.25, found.Threshold);
        Assert.AreEqual(4.25, found.Scaling.RawThreshold);
    }

    [TestMethod]
    [DataRow("Clip raw zero one", true, DisplayName = "Clip alone")]
    [DataRow("Clip raw zero two", false, DisplayName = "Clip to 0..2")]
    [DataRow("Max raw zero; Min previous one", true, DisplayName = "Max and Min")]
    [DataRow("Max raw zero", false, DisplayName = "Max alone")]
    [DataRow("Clip raw zero one; Cast previous; Reshape previous shape", true, DisplayName = "Clip, then nodes that keep values")]
    [DataRow("Clip raw zero one; ReduceMax previous", true, DisplayName = "the maximum of a clipped map")]
    [DataRow("Clip raw zero one; Mul previous two", false, DisplayName = "Clip, then something else")]
    [DataRow("Clip raw", false, DisplayName = "Clip without bounds")]
    [DataRow("Identity raw", false, DisplayName = "nothing")]
    [DataRow("Sub raw t; Div previous r; Add previous one; Clip previous zero one", true, DisplayName = "an offset of 1")]
    [DataRow("Sub raw t; Div previous zero; Add previous half; Clip previous zero one", true, DisplayName = "a range of 0")]
    [DataRow("Sub raw nan; Div previous r; Add previous half; Clip previous zero one", true, DisplayName = "a threshold that was never fitted")]
    [DataRow("Sub t raw; Div previous r; Add previous half; Clip previous zero one", true, DisplayName = "turned round")]
    [DataRow("Sub raw t; Div previous r; Cast previous; Add previous half; Clip previous zero one", true, DisplayName = "in another type")]
    public void What_is_not_recognised_is_called_clipped_or_left_alone(string nodes, bool isClipped)
    {
        PostProcessor found = Of(nodes);
        Assert.AreEqual(isClipped, found.IsClipped);
        Assert.AreEqual("score", found.Raw);
        Assert.IsNull(found.Scaling);
        Assert.IsNull(found.Threshold);
    }

    [TestMethod]
    [DataRow("Greater score t", 3.25, DisplayName = "Greater")]
    [DataRow("GreaterOrEqual score t", 3.25, DisplayName = "GreaterOrEqual")]
    [DataRow("Less t score", 3.25, DisplayName = "Less, the other way round")]
    [DataRow("Greater raw t", 3.25, DisplayName = "of what the output is made from")]
    [DataRow("Greater score nan", null, DisplayName = "with a threshold that was never fitted")]
    [DataRow("Greater two t", null, DisplayName = "of something else")]
    [DataRow("Less score t", null, DisplayName = "what is normal")]
    public void A_raw_score_is_decided_where_the_label_says(string label, double? threshold)
    {
        PostProcessor found = Of("Identity raw", label);
        Assert.AreEqual(("score", threshold), (found.Raw, found.Threshold));
        Assert.IsNull(found.Scaling);
    }

    [TestMethod]
    public void Without_a_label_the_middle_of_the_scale_is_the_threshold()
        => Assert.AreEqual(3.25, Of("Sub raw t; Div previous r; Add previous half; Clip previous zero one").Threshold);

    // Each node makes value0, value1 and so on, the last one the score.
    private static PostProcessor Of(string nodes, string? label = null)
    {
        ModelProto model = ModelFile.Empty();
        foreach ((string name, double value) in ((string, double)[])
            [("zero", 0), ("two", 2), ("t", 3.25), ("r", 4), ("inverse", 0.25), ("half", 0.5), ("minusHalf", -0.5), ("nan", double.NaN), ("low", 1),
                ("high", 5), ("label", 0.75)])
            model.Graph.Initializer.Add(ModelFile.Tensor(name, typeof(float), [value], name == "t" ? [1] : []));
        model.Graph.Node.Add(new NodeProto
        {
            OpType = "Constant",
            Output = { "one" },
            Attribute = { new AttributeProto { Name = "value", T = ModelFile.Tensor("", typeof(float), [1], []) } },
        });
        model.Graph.Node.Add(ModelFile.Node("Identity", ["t"], ["shared"]));
        model.Graph.Node.Add(ModelFile.Node("Sub", ["high", "low"], ["computed"]));
        string[] lines = nodes.Split("; ");
        for (int i = 0; i < lines.Length; i++)
        {
            string[] words = lines[i].Replace("previous", $"value{i - 1}", StringComparison.Ordinal).Split(' ');
            model.Graph.Node.Add(ModelFile.Node(words[0], words[1..], [i == lines.Length - 1 ? "score" : $"value{i}"]));
        }

        if (label?.Split(' ') is [var operation, .. var operands])
            model.Graph.Node.Add(ModelFile.Node(operation, operands, ["label_out"]));
        return PostProcessor.Of(new GraphReader(model.Graph), "score", label is null ? null : "label_out");
    }
}
